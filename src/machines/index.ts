/** Machines as the store knows them: records, data disks, keys, seeds, projects. */
export { createBootDisk } from "./boot-disk.ts";
export { cloudSeedFiles } from "./cloud-seed.ts";
export { createDisk } from "./disk.ts";
export { healthFact } from "./health.ts";
export { ensureKeys, fingerprint, type MachineKeys } from "./keys.ts";
export { type Program, programOf } from "./program.ts";
export { ensureProject, forgetProject, listProjects, type ProjectRecord, readProjectId } from "./project.ts";
export {
  type BrokenRecord,
  listRecords,
  type MachineRecord,
  readRecord,
  recordVersions,
  removeMachineFiles,
  writeRecord,
} from "./record.ts";
export { MANAGEMENT_PORT, type SeedFacts, seedFiles, volumeName, writeSeed } from "./seed.ts";
export { type ImageVolumes, imageVolumes, volumesOf } from "./volumes.ts";
