import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { BothyError } from "../../../errors.ts";
import {
  assertDiskFree,
  bootId,
  CommandError,
  ensureFolder,
  missingTool,
  Rollback,
  readIfExists,
  run,
  statIfExists,
  waitFor,
  writeFileAtomic,
} from "../../../system/index.ts";
import type { RunContext, RunSpec } from "../../provider.ts";
import { readTail } from "../../tail.ts";
import { findProcess, findProgram, isAlive } from "../host/index.ts";
import type { Runtime } from "../runtime/index.ts";
import { containerConfig, parseVolumes, type Volume } from "../spec/index.ts";
import { type MachineFolder, machineFolder, runtimeRoot } from "./folder.ts";
import { consoleEnd } from "./inspect.ts";
import { linkLayers, mountLayers } from "./layers.ts";
import { launch } from "./monitor.ts";
import { plugIn } from "./network.ts";
import { type MachineRecord, ourselves, readRecord, writeRecord } from "./record.ts";
import { release } from "./release.ts";
import { lastWords } from "./start-failure.ts";
import type { Store } from "./store.ts";

const TOOLS = ["unshare", "e2fsck", "mount", "conmon", "ip"];

/** Starts a machine as the provider's contract says: all or nothing, and no effect when it runs. */
export async function startMachine(store: Store, spec: RunSpec, context: RunContext): Promise<void> {
  const place = machineFolder(store.layout, spec.id);
  if (await isRunning(place, spec.name)) return;
  await assertHost();
  const runtime = await store.runtime();
  await release(store, place);
  await assertDiskFree(spec.dataDisk);
  const step = steps(spec, context);
  await using undo = new Rollback();
  undo.add(`run of machine ${spec.name}`, () => release(store, place));
  step("mounting its layers");
  const record = await claim(store, place, spec, context.signal);
  step("mounting its disk and creating the container");
  const volumes = await writeBundle(store, place, spec);
  const pid = await launch({ layout: store.layout, spec, place, runtime, volumes }, context.signal);
  step("plugging in its network");
  await plugIn(spec, spec.nics, pid, context.signal);
  step("starting it");
  const init = await findProcess(pid); // the same process before and after
  await setOff(store, spec, runtime, context.signal);
  step("running");
  if (!init || !((await isAlive(init)) || (await programEnded(place, record)))) throw await endedAtOnce(spec);
  await writeRecord(place, { ...record, init });
  undo.commit();
}

async function isRunning(place: MachineFolder, name: string): Promise<boolean> {
  const record = await readRecord(place);
  if (!record) return false;
  if (record.init) return isAlive(record.init);
  if (record.starter.pid === process.pid || !(await isAlive(record.starter))) return false;
  throw new BothyError("LOCKED", `machine '${name}' is being started by process ${record.starter.pid}`, {
    hints: [`wait for it, or end it: kill ${record.starter.pid}`],
  });
}

async function assertHost(): Promise<void> {
  if (process.geteuid?.() !== 0) {
    throw new BothyError("NOT_ROOT", "containers need root for now", { hints: ["sudo bothy ..."] });
  }
  for (const tool of TOOLS) if (!(await findProgram(tool))) throw missingTool(tool);
}

function steps(spec: RunSpec, context: RunContext): (title: string) => void {
  return (title) => {
    context.report?.(title);
    if (!context.signal?.aborted) return;
    throw new BothyError("INTERRUPTED", `the start of machine '${spec.name}' was interrupted`);
  };
}

/** Writes down what is about to be made, and mounts the layers before anybody can find them unused. */
async function claim(
  store: Store,
  place: MachineFolder,
  spec: RunSpec,
  signal: AbortSignal | undefined,
): Promise<MachineRecord> {
  const layers = [...spec.layers, spec.tools];
  const record: MachineRecord = {
    format: 1,
    id: spec.id,
    name: spec.name,
    project: spec.project.id,
    boot: await bootId(),
    starter: await ourselves(),
    layers: layers.map((layer) => layer.digest),
    disk: spec.dataDisk,
    console: { path: spec.consoleLog, from: (await statIfExists(spec.consoleLog))?.size ?? 0 },
  };
  await using _ = await store.lockLayers(signal);
  await ensureFolder(place.parent);
  await mkdir(place.folder, { mode: 0o700 });
  await writeRecord(place, record);
  await mountLayers(store.layout, layers);
  return record;
}

async function writeBundle(store: Store, place: MachineFolder, spec: RunSpec): Promise<Volume[]> {
  const volumes = parseVolumes((await readIfExists(join(spec.seed, "volumes"))) ?? "");
  const config = containerConfig(
    {
      spec,
      root: place.root,
      data: place.data,
      tools: store.layout.layerMount(spec.tools.digest),
      cgroup: place.cgroup,
      volumes,
    },
    await store.host(),
  );
  const { root, data, lowers, exitFolder, commands } = place;
  for (const folder of [root, data, lowers, exitFolder, commands]) await mkdir(folder);
  await linkLayers(store.layout, lowers, spec.layers);
  await writeFileAtomic(place.config, JSON.stringify(config), 0o600);
  return volumes;
}

/** Lets the container that waits run its first process. */
async function setOff(store: Store, spec: RunSpec, runtime: Runtime, signal?: AbortSignal): Promise<void> {
  try {
    await run([runtime.path, "--root", runtimeRoot(store.layout), "start", spec.id], { signal });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw failed(spec, error.result.stderr.trim(), error);
  }
}

/** Whether its program has come to its end already, which is no failure of the start. */
async function programEnded(place: MachineFolder, record: MachineRecord): Promise<boolean> {
  const written = async () => ((await statIfExists(place.exitStatus)) ? true : undefined);
  await waitFor({ title: "the exit status", attempt: written }, { timeoutMs: 2000, intervalMs: 5 }).catch(
    () => {},
  );
  return (await consoleEnd(record)).exitStatus !== undefined;
}

async function endedAtOnce(spec: RunSpec): Promise<BothyError> {
  const words = lastWords(await readTail(spec.consoleLog));
  return failed(spec, words ? `it ended at once; its last words:\n${words}` : "it ended at once");
}

function failed(spec: RunSpec, why: string, cause?: unknown): BothyError {
  return new BothyError("START_FAILED", `machine '${spec.name}' was not started: ${why}`, { cause });
}
