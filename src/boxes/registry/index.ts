/** Images in OCI registries: names, credentials, mirrors, manifests, blobs. The only door of this folder. */
export { type Credential, findCredential } from "./credentials.ts";
export { newestManifest, type OpenOptions, openImage } from "./image.ts";
export { canonicalReference, familiarReference, type ImageReference, parseReference } from "./reference.ts";
export { type RegistrySettings, readSettings, type Settings } from "./settings.ts";
