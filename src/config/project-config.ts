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
  readonly box: string;
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
}
