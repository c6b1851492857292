/** The project file: from `bothy.yaml` to a finished configuration, and back to text. */
export { type LoadedProject, type LoadOptions, loadProject } from "./load.ts";
export { ConfigError, formatProblem, type Problem } from "./problems.ts";
export type {
  BuildConfig,
  LimitsConfig,
  MachineConfig,
  ProjectConfig,
  RunConfig,
  SourceConfig,
  VmConfig,
} from "./project-config.ts";
export { type ProjectFileOptions, projectTemplates, renderProjectFile } from "./project-file.ts";
export { resolvedYaml } from "./resolved-yaml.ts";
