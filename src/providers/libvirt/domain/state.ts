import type { DomainStatus } from "../../../libvirt/index.ts";
import type { LiveMachine } from "../../provider.ts";

type State = Pick<LiveMachine, "state" | "reason">;

/** What libvirt's state and reason are in our words. */
export function machineState({ state, reason }: DomainStatus): State {
  switch (state) {
    case "running":
    case "blocked":
    case "nostate":
      return reason === "crashed" ? { state: "broken", reason: "its kernel crashed" } : { state: "running" };
    case "paused":
      return pausedState(reason);
    case "pmsuspended":
      return { state: "suspended", reason: "the guest suspended itself; `bothy up` wakes it" };
    case "shutdown":
      return { state: "running", reason: "it is shutting down" };
    case "shutoff":
      return { state: "stopped", reason: stopReason(reason) };
    case "crashed":
      return { state: "broken", reason: "it crashed" };
    case "unknown":
      return { state: "broken", reason: "libvirt reports a state that bothy does not know" };
  }
}

/** True when the guest is done and libvirt only clears away. */
export function isEnding({ state, reason }: DomainStatus): boolean {
  return state === "shutdown" || (state === "paused" && reason === "shutting-down");
}

/** True when the guest's kernel has crashed: QEMU is there, and nothing can go on in it. */
export function isDead({ state, reason }: DomainStatus): boolean {
  return state === "crashed" || (state === "paused" && reason === "crashed");
}

function pausedState(reason: string): State {
  switch (reason) {
    case "starting-up":
      return { state: "starting" };
    case "shutting-down":
      return { state: "running", reason: "it is shutting down" };
    case "ioerror":
      return {
        state: "suspended",
        reason: "QEMU could not write to its disk: is the store's file system full? `bothy up` resumes it",
      };
    case "crashed":
      return { state: "broken", reason: "its kernel crashed" };
    default:
      return { state: "suspended", reason: `paused by libvirt (${reason}); \`bothy up\` resumes it` };
  }
}

function stopReason(reason: string): string {
  return { shutdown: "it turned itself off", destroyed: "it was stopped by force" }[reason] ?? reason;
}
