import { resolve } from "node:path";
import { buildBoxName, type DockerfileSpec } from "../boxes/dockerfile/index.ts";
import { boxNameOfImage, normaliseBoxName } from "../boxes/index.ts";
import { parseReference } from "../boxes/registry/index.ts";
import type { BuildConfig, SourceConfig } from "../config/index.ts";

/**
 * The name of its box in the store; `folder` is the project's.
 * @throws BothyError `USAGE` for a name or reference that can be none.
 */
export function boxNameOf(source: SourceConfig, folder: string): string {
  if (source.kind === "box") return normaliseBoxName(source.name);
  if (source.kind === "image") return boxNameOfImage(parseReference(source.reference));
  return buildBoxName(dockerfileOf(source, folder));
}

/** The Dockerfile with its folder made absolute. */
export function dockerfileOf(build: BuildConfig, folder: string): DockerfileSpec {
  const { dockerfile, args, target } = build;
  return { context: resolve(folder, build.context), dockerfile, args, target };
}
