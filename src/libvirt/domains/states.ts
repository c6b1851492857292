/** What a domain is doing. Source: `virDomainState`, include/libvirt/libvirt-domain.h, libvirt 9.0. */
export type DomainState =
  | "nostate"
  | "running"
  | "blocked"
  | "paused"
  | "shutdown"
  | "shutoff"
  | "crashed"
  | "pmsuspended"
  | "unknown";

/** A state and why it was entered. */
export interface DomainStatus {
  /** `unknown` is a state newer than this library. `shutdown` means: shutting down. */
  readonly state: DomainState;
  /** E.g. `booted`, `user`, `destroyed`; `unknown` when libvirt does not say. */
  readonly reason: string;
}

/** States in the order of their numbers, each with its reasons in the order of theirs. */
const STATES: readonly (readonly [DomainState, string])[] = [
  ["nostate", "unknown"],
  [
    "running",
    "unknown booted migrated restored from-snapshot unpaused migration-canceled save-canceled wakeup crashed postcopy postcopy-failed",
  ],
  ["blocked", "unknown"],
  [
    "paused",
    "unknown user migration save dump ioerror watchdog from-snapshot shutting-down snapshot crashed starting-up postcopy postcopy-failed",
  ],
  ["shutdown", "unknown user"],
  ["shutoff", "unknown shutdown destroyed crashed migrated saved failed from-snapshot daemon"],
  ["crashed", "unknown panicked"],
  ["pmsuspended", "unknown"],
];

/** The names of a state and a reason as the server sends them. */
export function domainStatus(state: number, reason: number): DomainStatus {
  const [name, reasons] = STATES[state] ?? ["unknown", ""];
  return { state: name, reason: reasons.split(" ")[reason] || "unknown" };
}
