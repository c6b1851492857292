/** Dockerfiles become boxes, through buildah. The only door of this folder. */
export { buildDockerfile, type DockerfileResult } from "./build.ts";
export { pruneBuildCache } from "./cache.ts";
export { buildBoxName, type DockerfileSpec, dockerfilePath } from "./spec.ts";
export { type DockerfileOptions, dockerfileInputs } from "./work.ts";
