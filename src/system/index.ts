/** The house's tools: processes, files, locks, waits, undo. Knows nothing of machines. */
export { asset, packageRoot } from "./assets.ts";
export { type Clock, systemClock } from "./clock.ts";
export { plainLine } from "./console.ts";
export { assertDiskFree, loopDevicesOf } from "./disk-users.ts";
export { disableColor, environment, hostEnvironment } from "./environment.ts";
export {
  diskFull,
  ensureFolder,
  isExecutable,
  namesIn,
  readIfExists,
  removeTree,
  statIfExists,
  writeFileAtomic,
  writeJson,
} from "./files.ts";
export { explainFullDisk } from "./full-disk.ts";
export { bootId, hostStamp, readHostFact, writeHostFact } from "./host-facts.ts";
export { type Layout, layout, type MachineLayout, type ProjectLayout } from "./layout.ts";
export { type Holder, lock, readHolder, removeOldLocks, tryLock } from "./lock.ts";
export { debug, setDebugSink } from "./log.ts";
export {
  baseEnvironment,
  CommandError,
  missingTool,
  type RunOptions,
  type RunResult,
  run,
  shellQuote,
  start,
} from "./process.ts";
export { Rollback } from "./rollback.ts";
export { renderTemplate, type TemplateOptions } from "./template.ts";
export { packageOf, TOOL_PACKAGES } from "./tools.ts";
export { type Probe, type WaitOptions, waitFor } from "./wait.ts";
