import type { Isolation } from "../providers/provider.ts";

/** A project as the rest of bothy sees it: nothing left to look up, to expand or to convert. */
export interface ProjectConfig {
  /** A legal DNS label. */
  readonly name: string;
  /** In the order of the file, those of one `count` side by side; at least one. */
  readonly machines: readonly MachineConfig[];
}

/** One machine with all defaults filled in. */
export interface MachineConfig {
  /** A legal DNS label, unique in the project. */
  readonly name: string;
  readonly source: SourceConfig;
  /** The login user; absent: the box's own. */
  readonly user?: string | undefined;
  /** What the file asks for; `--isolation` and what is remembered of it are the caller's. */
  readonly isolation: Isolation;
  /** May be a fraction. */
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly diskMiB: number;
  /** Absolute, normalised paths, none inside another. */
  readonly volumes: readonly string[];
  readonly hostname: string;
  /** Values without line breaks. */
  readonly environment: Readonly<Record<string, string>>;
  /** What it runs, over what its image says; absent: the image alone. */
  readonly run?: RunConfig | undefined;
  readonly limits: LimitsConfig;
  readonly vm: VmConfig;
}

/** Limits beside cpus, memory and disk. */
export interface LimitsConfig {
  /** Most processes and threads at one time; absent: no limit of ours. */
  readonly pids?: number | undefined;
}

/** What only the VM level can honour. */
export interface VmConfig {
  /** `auto`: KVM where the probe says that it works, else emulation. */
  readonly acceleration: "auto" | "kvm" | "tcg";
  /** `box`: the kernel that the box brought along. */
  readonly kernel: "bothy" | "box";
}

/** What a machine starts from. */
export type SourceConfig =
  | { readonly kind: "box"; readonly name: string }
  | { readonly kind: "image"; readonly reference: string }
  | ({ readonly kind: "build" } & BuildConfig);

/** A Dockerfile to build. */
export interface BuildConfig {
  /** Relative to the project's folder, or absolute. */
  readonly context: string;
  /** Relative to the context; absent: `Dockerfile`. */
  readonly dockerfile?: string | undefined;
  readonly args: Readonly<Record<string, string>>;
  readonly target?: string | undefined;
}

/** The program of a machine whose box has no init. */
export interface RunConfig {
  /** Replaces the image's CMD and keeps its ENTRYPOINT. */
  readonly command?: readonly string[] | undefined;
  /** `user`, `uid`, `user:group` or `uid:gid`. */
  readonly user?: string | undefined;
  readonly workdir?: string | undefined;
  readonly restart: "no" | "on-failure" | "always";
  readonly stopSignal?: string | undefined;
}
