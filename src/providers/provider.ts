/**
 * The contract between bothy and whatever runs machines. Types only: no implementation is imported here.
 * test/contract/provider.contract.ts proves it for every provider.
 */

/** How a machine runs; a property of the run, not of the machine. */
export type Isolation = "vm" | "container";

/** What a provider can do; callers branch on these and never on a provider's name. docs/levels.md lists them. */
export interface Features {
  /** The machine has a kernel of its own, so that modules, sysctls and `/dev` are its own too. */
  readonly ownKernel: boolean;
  /** A change of cpus or memory reaches a running machine. */
  readonly liveLimits: boolean;
  /** `exec` reaches a running machine whose network is down. */
  readonly execWithoutNetwork: boolean;
  /** Runs machines that boot a whole disk with a system of its own (`RunSpec.boot`). */
  readonly bootsDisks: boolean;
}

/** One finding of `bothy doctor`. */
export interface Finding {
  /** Stable, for scripts: `kvm-mode`, `tool-conmon`. */
  readonly id: string;
  readonly title: string;
  /** `missing` makes the provider unusable; `warning` does not. */
  readonly status: "ok" | "warning" | "missing";
  /** Why, with the measured or quoted value. */
  readonly detail?: string | undefined;
  /** The command that mends it by hand. */
  readonly hint?: string | undefined;
  /** Debian packages that mend it; `doctor --fix` installs those of all findings at once. */
  readonly packages?: readonly string[] | undefined;
  /** Mends it in place (after packages are there); idempotent. */
  readonly fix?: (() => Promise<void>) | undefined;
}

/** One network interface of a machine; the address is known before the start. */
export interface Nic {
  /** The network's name in the project file. */
  readonly network: string;
  /** The host's bridge that the interface is plugged into; it exists. */
  readonly bridge: string;
  /** Name for the host's side, at most 15 characters, free. */
  readonly hostLink: string;
  readonly mac: string;
  /** IPv4 with prefix length: `10.83.0.2/24`. */
  readonly address: string;
  /** Absent on internal networks. */
  readonly gateway?: string | undefined;
}

/** What a VM boots, so that no box needs a kernel. */
export interface KernelFiles {
  readonly vmlinuz: string;
  readonly initramfs: string;
  /** EROFS for /lib/modules. */
  readonly modules: string;
  readonly version: string;
}

/** Everything a provider needs to run one machine once: finished, absolute, and valid for this start only. */
export interface RunSpec {
  readonly id: string;
  readonly name: string;
  readonly project: { readonly id: string; readonly name: string };
  /** Tells this store's resources from another store's on the same host. */
  readonly storeTag: string;
  readonly hostname: string;
  /** EROFS layers of the box, bottom first, at least one unless there is a `boot`. */
  readonly layers: readonly LayerFile[];
  /** EROFS with the guest side, mounted at /.bothy. */
  readonly tools: LayerFile;
  /** There for providers whose machines have their own kernel. */
  readonly kernel?: KernelFiles | undefined;
  /** Sparse ext4 file with `upper/ work/ volumes/`; with `boot`, a qcow2 file with a system on it. */
  readonly dataDisk: string;
  /** There when the machine boots from `dataDisk`: layers and tools stay outside, and the seed is for cloud-init. */
  readonly boot?: { readonly firmware: "bios" | "efi" } | undefined;
  /** Folder with the identity for this start (docs/guest.md); the guest reads it at /run/bothy/seed. */
  readonly seed: string;
  /** What the guest's init hands over to (`/sbin/init`); absent: our init supervises. */
  readonly boxInit?: string | undefined;
  /** May be a fraction. */
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly pids?: number | undefined;
  readonly nics: readonly Nic[];
  /** Appended to; exists for the machine's whole life. */
  readonly consoleLog: string;
  /** For providers that have a choice: the instructions run on the processor itself, are emulated, or as a probe tells. */
  readonly acceleration?: "auto" | "kvm" | "tcg" | undefined;
  /** The provider's own short-lived files; made by the provider, removed by `stop`. */
  readonly runFolder: string;
  readonly management: Management;
}

/** A layer's file and its content digest (64 hex digits). */
export interface LayerFile {
  readonly digest: string;
  readonly path: string;
}

/** How to reach the guest's own command channel over the network, for providers without another way in. */
export interface Management {
  readonly address: string;
  readonly port: number;
  readonly privateKey: string;
  /** The guest's SSH host key, as in known_hosts: `ssh-ed25519 AAAA...`. */
  readonly hostKey: string;
}

/** What the backend says of one machine right now. */
export interface LiveMachine {
  readonly id: string;
  readonly project: string;
  readonly name: string;
  readonly state: "starting" | "running" | "suspended" | "stopped" | "broken";
  /** Whole seconds since the start; absent where the backend does not know. */
  readonly uptimeS?: number | undefined;
  /** Why it stopped or what is broken, in words; includes an exit status where there is one. */
  readonly reason?: string | undefined;
  /** What its program ended with, where that ended the machine. */
  readonly exitStatus?: number | undefined;
}

/** Progress and cancellation, handed down by the caller. */
export interface RunContext {
  readonly signal?: AbortSignal | undefined;
  /** Says what is being done, one line for a person. */
  readonly report?: ((line: string) => void) | undefined;
}

/** How a machine is stopped. */
export interface StopOptions extends RunContext {
  /** Graceful until then, by force afterwards; 0 is by force at once. */
  readonly deadlineMs: number;
}

/** A command to run inside. */
export interface ExecRequest {
  readonly argv: readonly string[];
  /** Name or `uid[:gid]`; default root. */
  readonly user?: string | undefined;
  /** Default: the user's home. */
  readonly cwd?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** A command that runs inside. Output not read is held back (back-pressure). */
export interface ExecProcess {
  readonly stdin: NodeJS.WritableStream;
  readonly stdout: NodeJS.ReadableStream;
  readonly stderr: NodeJS.ReadableStream;
  /** The end: a code, or 128 + n when signal n ended it. Rejects when the connection was lost. */
  readonly exitCode: Promise<number>;
  /** Sends a signal to the command; no error when it is gone. */
  kill(signal: "TERM" | "INT" | "HUP" | "KILL"): Promise<void>;
}

/** A way into a running machine; commands run at once on one connection. */
export interface Connection extends AsyncDisposable {
  exec(request: ExecRequest): Promise<ExecProcess>;
  /** The argv of a host command that gives the caller's terminal to `request` (inherit stdio). */
  terminal(request: ExecRequest): readonly string[];
}

/** Runs machines of one isolation level. Eight members; optional abilities are interfaces of their own. */
export interface Provider {
  readonly name: string;
  readonly isolation: Isolation;
  readonly features: Features;
  /** What this host lacks for this provider; no side effects, under a second. */
  check(): Promise<Finding[]>;
  /**
   * Starts the machine and returns when its backend runs it (not when it answers).
   * All or nothing: on error or abort everything made is gone again. Running already: no effect.
   * @throws BothyError with a code of the host (exit 4) or of the start.
   */
  start(spec: RunSpec, context?: RunContext): Promise<void>;
  /**
   * Stops it; afterwards the backend holds nothing of the machine: disk, mounts, links, processes and its
   * own files are released, also those that a crash left. Not running: no effect.
   */
  stop(id: string, options: StopOptions): Promise<void>;
  /**
   * Every machine of this store that the backend knows, by id, running or with something left over.
   * A machine that is not in the map is not known to the backend.
   * @throws BothyError when the backend cannot be asked: that means "unknown", never "gone".
   */
  inspect(): Promise<ReadonlyMap<string, LiveMachine>>;
  /** A way in. @throws BothyError `MACHINE_STATE` when it does not run, `CONNECT_FAILED` otherwise. */
  connect(id: string, management: Management): Promise<Connection>;
}
