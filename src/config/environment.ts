import type { Environment } from "./variables.ts";

/** The whole environment: a project file may name any variable. */
export function hostEnvironment(): Environment {
  return process.env;
}
