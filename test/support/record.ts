import { type MachineRecord, recordVersions } from "../../src/machines/index.ts";

/** A machine's record with nothing particular about it. */
export function machineRecord(particular: Partial<MachineRecord> = {}): MachineRecord {
  return {
    ...recordVersions,
    id: "0123456789ab",
    name: "web",
    project: { id: "01234567", name: "shop", path: "/srv/shop" },
    intent: "present",
    isolation: "container",
    fileIsolation: "container",
    ranAt: ["container"],
    box: { name: "debian/12", digest: "d".repeat(64), layers: [], user: "bothy", environment: {} },
    hostname: "web",
    cpus: 1,
    memoryMiB: 512,
    diskMiB: 1024,
    volumes: [],
    environment: {},
    acceleration: "auto",
    machineId: "f".repeat(32),
    createdAt: "2026-01-01T00:00:00.000Z",
    ...particular,
  };
}
