/** What this host has and does: cgroups, processes, the runtime that works. */
export {
  type CgroupLayout,
  cgroupFolders,
  cgroupMembers,
  parseCgroupLayout,
  removeCgroups,
  rmdirIfEmpty,
} from "./cgroups.ts";
export { type HostFacts, parseOpenFiles, readHostFacts } from "./facts.ts";
export {
  findProcess,
  isAlive,
  type ProcessId,
  processesWith,
  secondsSince,
  sendSignal,
} from "./processes.ts";
export { findProgram } from "./programs.ts";
