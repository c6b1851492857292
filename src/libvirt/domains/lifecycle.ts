import type { DomainRef } from "../protocol/index.ts";

/** What happened. Source: `virDomainEventType`, include/libvirt/libvirt-domain.h, libvirt 9.0. */
export type LifecycleType =
  | "defined"
  | "undefined"
  | "started"
  | "suspended"
  | "resumed"
  | "stopped"
  | "shutdown"
  | "pmsuspended"
  | "crashed"
  | "unknown";

/** One change in a domain's life. */
export interface LifecycleEvent {
  readonly domain: DomainRef;
  /** `stopped` is the end of a running domain; `shutdown` comes before it, when the guest is done. */
  readonly type: LifecycleType;
  /** Why, e.g. `booted`, `paused`, `destroyed`, `guest`; `unknown` when newer than this library. */
  readonly detail: string;
}

/** Types in the order of their numbers, each with its details in the order of theirs. */
const TYPES: readonly (readonly [LifecycleType, string])[] = [
  ["defined", "added updated renamed from-snapshot"],
  ["undefined", "removed renamed"],
  ["started", "booted migrated restored from-snapshot wakeup"],
  ["suspended", "paused migrated ioerror watchdog restored from-snapshot api-error postcopy postcopy-failed"],
  ["resumed", "unpaused migrated from-snapshot postcopy postcopy-failed"],
  ["stopped", "shutdown destroyed crashed migrated saved failed from-snapshot"],
  ["shutdown", "finished guest host"],
  ["pmsuspended", "memory disk"],
  ["crashed", "panicked crashloaded"],
];

/** Names the numbers that the server sends. */
export function lifecycleEvent(domain: DomainRef, type: number, detail: number): LifecycleEvent {
  const [name, details] = TYPES[type] ?? ["unknown", ""];
  return { domain, type: name, detail: details.split(" ")[detail] || "unknown" };
}
