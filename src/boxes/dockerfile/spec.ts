import { realpathSync } from "node:fs";
import { basename, resolve } from "node:path";
import { canonical } from "../box.ts";
import { digestOfText } from "../digest.ts";

/** A Dockerfile to build, with Compose's words. */
export interface DockerfileSpec {
  /** The folder that its COPY reads; absolute. */
  readonly context: string;
  /** Relative to the context, or absolute (default: `Dockerfile`). */
  readonly dockerfile?: string | undefined;
  /** Values for its ARGs. */
  readonly args?: Readonly<Record<string, string>> | undefined;
  /** The stage to build: its name, or its number from 0 (default: the last one). */
  readonly target?: string | undefined;
}

const LONGEST_FOLDER = 40;

/**
 * The name of its box unless one is given: `build/FOLDER-HEX`. Everything that is written in the project file is in
 * it, so that two machines with other arguments have a box each; what lies in the folder is not.
 */
export function buildBoxName(spec: DockerfileSpec): string {
  const context = realFolder(spec.context);
  const { args = {}, target } = spec;
  const digest = digestOfText(canonical({ context, dockerfile: dockerfilePath(spec), args, target }));
  const folder = basename(context)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, LONGEST_FOLDER)
    .replace(/^-+|-+$/g, "");
  return `build/${folder || "context"}-${digest.slice(0, 12)}`;
}

/** Where the Dockerfile is. */
export function dockerfilePath(spec: DockerfileSpec): string {
  return resolve(spec.context, spec.dockerfile ?? "Dockerfile");
}

/** The same folder has one name however it is reached; one that is not there keeps the name it was given. */
function realFolder(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}
