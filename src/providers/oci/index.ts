/** Machines as OCI containers; the folder's only door. */
export { type OciOptions, ociProvider } from "./provider.ts";
