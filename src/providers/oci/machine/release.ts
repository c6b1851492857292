import { dirname } from "node:path";
import { loopDevicesOf, removeTree, statIfExists, waitFor } from "../../../system/index.ts";
import {
  type CgroupLayout,
  cgroupFolders,
  cgroupMembers,
  processesWith,
  removeCgroups,
  rmdirIfEmpty,
  sendSignal,
} from "../host/index.ts";
import { type MachineFolder, machinesFolder, runtimeRoot, storeCgroup } from "./folder.ts";
import { unmountUnused } from "./layers.ts";
import { unplug } from "./network.ts";
import { knownMachines, type MachineRecord, readRecord } from "./record.ts";
import type { Store } from "./store.ts";

const PATIENCE_MS = 15_000;
/** How long conmon may take to end by itself, once the machine has ended: it collects and logs what is left. */
const MONITOR_MS = 1000;

/**
 * Ends whatever is left of a machine's run and gives back all it held: processes, links, mounts, its disk, cgroups,
 * files, layers that nobody else uses. May be repeated; nothing there is no error.
 * @throws BothyError `TIMEOUT` naming what could not be released.
 */
export async function release(store: Store, place: MachineFolder): Promise<void> {
  if (!(await statIfExists(place.folder))) return;
  const record = await readRecord(place);
  const { cgroups } = await store.host();
  await endProcesses(place, record, cgroups);
  await Promise.all([
    unplug(place.id),
    diskReleased(record?.disk ?? store.layout.machine(place.id).disk),
    cgroupsRemoved(place, cgroups),
  ]);
  await forget(store, place, cgroups);
}

async function endProcesses(
  place: MachineFolder,
  record: MachineRecord | undefined,
  cgroups: CgroupLayout,
): Promise<void> {
  const folders = cgroupFolders(cgroups, place.cgroup);
  const [[name, value] = ["", ""]] = Object.entries(place.marker);
  let spareUntil = record?.init ? performance.now() + MONITOR_MS : 0;
  const left = async () => {
    const inside = await cgroupMembers(folders);
    const helpers = await processesWith(`${name}=${value}`);
    for (const pid of inside) sendSignal(pid, "SIGKILL");
    // conmon collects what has just been ended, which the host's first process may take seconds to do
    if (inside.size > 0) spareUntil = performance.now() + MONITOR_MS;
    else if (performance.now() >= spareUntil) for (const pid of helpers) sendSignal(pid, "SIGKILL");
    return [...inside, ...helpers];
  };
  await gone(`the processes of machine ${place.id} to end`, left);
  // a start that was cut off may fork in the very moment that we look
  if (!record?.init) await gone(`the processes of machine ${place.id} to end`, left);
}

/** Unmounting writes what is left in memory, so this may take its time. */
async function diskReleased(disk: string): Promise<void> {
  await gone(`the data disk ${disk} to be released`, () => loopDevicesOf(disk));
}

async function cgroupsRemoved(place: MachineFolder, cgroups: CgroupLayout): Promise<void> {
  const folders = cgroupFolders(cgroups, place.cgroup);
  await gone(`the cgroups of machine ${place.id} to empty`, async () =>
    (await removeCgroups(folders)) ? [] : [place.cgroup],
  );
}

/** Waits until nothing is left; the message of a timeout lists what is. */
async function gone(title: string, left: () => Promise<readonly unknown[]>): Promise<void> {
  let last: readonly unknown[] = [];
  const attempt = async () => {
    last = await left();
    return last.length === 0 ? true : undefined;
  };
  const evidence = async () => `left: ${last.join(" ")}`;
  await waitFor({ title, attempt, evidence }, { timeoutMs: PATIENCE_MS, intervalMs: 5 });
}

async function forget(store: Store, place: MachineFolder, cgroups: CgroupLayout): Promise<void> {
  const { layout } = store;
  await using _ = await store.lockLayers();
  await removeTree(place.runtimeState, { within: runtimeRoot(layout) });
  await removeTree(place.folder, { within: place.parent });
  const others = await knownMachines(layout);
  // one whose record is damaged may use any layer
  if (others.every((machine) => machine.record)) {
    await unmountUnused(layout, new Set(others.flatMap((machine) => machine.record?.layers ?? [])));
  }
  if (others.length === 0) {
    const own = cgroupFolders(cgroups, storeCgroup(layout));
    for (const folder of [...own, ...own.map(dirname)]) await rmdirIfEmpty(folder);
    await rmdirIfEmpty(runtimeRoot(layout));
    await rmdirIfEmpty(layout.layerMounts());
  }
  await rmdirIfEmpty(place.parent);
  await rmdirIfEmpty(machinesFolder(layout));
  await rmdirIfEmpty(layout.run);
}
