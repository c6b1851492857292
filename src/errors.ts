/**
 * The one error class for everything a user can meet, and the one table of its codes.
 * A bare `Error` that reaches the user is a bug.
 */

/** Exit codes of docs/errors.md; 125 is used by `ssh` and `exec` for bothy's own failures. */
export const EXIT = { failed: 1, usage: 2, notFound: 3, host: 4, execFailed: 125, interrupted: 130 } as const;

/** code -> [exit code, what it means]. `docs/errors.md` is generated from this table. */
export const ERROR_CODES = {
  FAILED: [EXIT.failed, "Something went wrong that has no code of its own."],
  BUG: [EXIT.failed, "A defect of bothy: please report it with the output of `--debug`."],
  INTERRUPTED: [EXIT.interrupted, "The command was interrupted; what it had begun was undone."],
  COMMAND_FAILED: [EXIT.failed, "A tool of the host that bothy ran returned an error."],
  TIMEOUT: [EXIT.failed, "A wait ended without what it waited for; the message shows the evidence."],
  LOCKED: [EXIT.failed, "Another bothy process works on the same thing and did not finish in time."],
  USAGE: [EXIT.usage, "Wrong arguments."],
  CONFIG_MISSING: [EXIT.usage, "No bothy.yaml in this folder or above it."],
  CONFIG_INVALID: [EXIT.usage, "The project file has problems; all of them are listed with line and column."],
  FILE_EXISTS: [EXIT.usage, "A file that the command would write is there already."],
  MACHINE_UNKNOWN: [EXIT.notFound, "No machine of that name, pattern or id."],
  MACHINE_AMBIGUOUS: [EXIT.usage, "The command needs one machine and several match."],
  MACHINE_STATE: [EXIT.notFound, "The machine is not in a state for this."],
  MACHINE_BROKEN: [EXIT.failed, "The machine's own files are missing, damaged or of a newer version."],
  START_FAILED: [EXIT.failed, "The machine could not be started; what was made for it is gone again."],
  MACHINE_STOPPED_EARLY: [EXIT.failed, "The machine stopped while bothy waited for it."],
  STATE_INVALID: [EXIT.failed, "A state file is damaged or was written by a newer bothy."],
  BOX_UNKNOWN: [EXIT.notFound, "No box of that name in the store and no recipe for it."],
  BOX_IN_USE: [EXIT.notFound, "The box cannot be removed: machines stand on it."],
  BOX_BUILD_FAILED: [EXIT.failed, "Building a box or an artefact failed; nothing of it was kept."],
  BOX_INVALID: [EXIT.failed, "What was to be added is no box: its metadata or its disk is wrong."],
  BOX_VM_ONLY: [EXIT.notFound, "The box boots from its own disk and cannot run as a container."],
  IMAGE_UNKNOWN: [EXIT.notFound, "The registry, layout or archive has no image of that name, tag or digest."],
  IMAGE_INVALID: [EXIT.failed, "What was found is no container image that bothy understands."],
  PLATFORM_MISSING: [EXIT.failed, "The image has no variant for this host's platform."],
  REGISTRY_UNREACHABLE: [EXIT.failed, "The registry does not answer, or its certificate is not trusted."],
  REGISTRY_DENIED: [EXIT.failed, "The registry refused the credentials, or wants some."],
  REGISTRY_FAILED: [EXIT.failed, "The registry answered with an error of its own."],
  CREDENTIALS_INVALID: [EXIT.failed, "Docker's configuration or a credential helper is broken."],
  DOWNLOAD_FAILED: [
    EXIT.failed,
    "A download ended early or was refused; what came is kept and used by the next try.",
  ],
  CHECKSUM_MISMATCH: [EXIT.failed, "A file's size or digest is not the one that was promised."],
  ARCHIVE_REFUSED: [
    EXIT.failed,
    "An archive has an entry that bothy does not unpack; nothing of it was kept.",
  ],
  DOCKERFILE_FAILED: [
    EXIT.failed,
    "Building a Dockerfile failed; the message shows the step and its output.",
  ],
  EXPORT_FAILED: [EXIT.failed, "A machine or box could not be written to that format."],
  LAYER_DAMAGED: [EXIT.failed, "A layer's file is missing or its content has changed."],
  DISK_FULL: [EXIT.failed, "The file system of the store has no room left."],
  DISK_BUSY: [EXIT.failed, "A machine's data disk is attached somewhere else."],
  DISK_DAMAGED: [EXIT.failed, "A data disk's file system has errors that need a decision."],
  COPY_FAILED: [EXIT.failed, "Copying between host and machine failed."],
  CONNECT_FAILED: [EXIT.failed, "The machine could not be reached."],
  NETWORK_EXHAUSTED: [EXIT.failed, "No free subnet or address is left."],
  NETWORK_CONFLICT: [EXIT.failed, "A link, subnet or rule that bothy needs belongs to something else."],
  NOT_ROOT: [EXIT.host, "bothy needs root for now."],
  TOOL_MISSING: [EXIT.host, "A program that bothy needs is not installed."],
  NAME_TAKEN: [EXIT.failed, "A name that bothy needs on this host belongs to something else."],
  DAEMON_UNREACHABLE: [EXIT.host, "No libvirt daemon answers and none could be started."],
  DAEMON_FAILED: [EXIT.failed, "The libvirt daemon refused or failed."],
  DAEMON_LOST: [EXIT.failed, "The libvirt daemon went away during the command."],
  KVM_MODE: [EXIT.host, "/dev/kvm has an owner or mode that libvirt's QEMU cannot use."],
  RUNTIME_UNUSABLE: [EXIT.host, "No OCI runtime works on this host."],
  STORE_UNREACHABLE: [EXIT.host, "QEMU's user cannot reach the store's folder."],
  KERNEL_FEATURE: [EXIT.host, "The host's kernel lacks something that bothy needs."],
} as const satisfies Record<string, readonly [exit: number, meaning: string]>;

/** A stable name for one kind of failure; scripts may depend on it. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** What can be said of a failure beside its message. */
export interface ErrorDetails {
  /** What to do, most likely first; commands in backquotes can be pasted. */
  readonly hints?: readonly string[] | undefined;
  /** The error that led to this one. */
  readonly cause?: unknown;
  /** Overrides the exit code of the table, for commands that pass on another program's. */
  readonly exit?: number | undefined;
}

/** An expected failure: what failed with the quoted value, why, and what to do. */
export class BothyError extends Error {
  override readonly name = "BothyError";
  readonly code: ErrorCode;
  readonly hints: readonly string[];
  /** Where this code is explained. */
  readonly ref: string;
  readonly exit: number;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hints = details.hints ?? [];
    this.ref = `docs/errors.md#${code.toLowerCase()}`;
    this.exit = details.exit ?? ERROR_CODES[code][0];
  }
}

/** True for an error of Node's with that errno name (`ENOENT`, `EACCES`, ...). */
export function hasErrno(error: unknown, ...names: string[]): error is NodeJS.ErrnoException {
  return error instanceof Error && names.includes((error as NodeJS.ErrnoException).code ?? "");
}

/** The message of whatever was thrown, in one line. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
