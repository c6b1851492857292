/** A machine as an OCI configuration. Pure. */
export { type ContainerView, containerConfig } from "./container-config.ts";
export type { OciConfig, OciMount } from "./types.ts";
export { parseVolumes, type Volume } from "./volumes.ts";
