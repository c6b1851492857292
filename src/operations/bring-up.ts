import { BothyError, messageOf } from "../errors.ts";
import { type MachineRecord, writeRecord } from "../machines/index.ts";
import type { Isolation } from "../providers/provider.ts";
import { Rollback } from "../system/index.ts";
import { awaitReady } from "./await-ready.ts";
import { tellOtherBox } from "./box-change.ts";
import type { Context } from "./context.ts";
import { claimMachine, completeMachine } from "./create-machine.ts";
import type { Images } from "./images.ts";
import { type Live, liveStates } from "./live.ts";
import { attachToNetwork } from "./network.ts";
import { refuseLevel } from "./own-disk.ts";
import { awaitOwnSystem } from "./own-system.ts";
import { eraseMachine } from "./remove-machine.ts";
import type { Progress } from "./reporter.ts";
import { runSpec } from "./run-spec.ts";
import { STOP_DEADLINE_MS } from "./stop.ts";
import type { Target } from "./targets.ts";

/** One machine's part of an `up`. */
export interface BringUp {
  readonly target: Target;
  readonly project: MachineRecord["project"];
  readonly isolation?: Isolation | undefined;
  readonly images: Images;
  readonly progress: Progress;
}

/** What became of one machine. */
export interface UpOutcome {
  readonly name: string;
  readonly id: string;
  readonly isolation: Isolation;
  readonly action: "created" | "started" | "switched" | "unchanged";
  readonly ip: string;
  /** Milliseconds from the beginning of this machine's part until SSH answered. */
  readonly readyMs: number;
}

/** Brings one machine to its wanted level and waits until it answers. Undone in order on failure or Ctrl-C. */
export async function bringUp(ctx: Context, work: BringUp): Promise<UpOutcome> {
  const startedAt = performance.now();
  await using machine = await claimMachine(ctx, work);
  const { record, isNew, changes } = machine;
  await using undo = new Rollback((title, error) => {
    ctx.reporter.warn(
      `could not undo "${title}" of ${record.name}: ${messageOf(error)}; \`bothy gc\` tries again`,
    );
  });
  if (isNew) undo.add("new machine", () => eraseMachine(ctx, record));
  else await tellOtherBox(ctx, record, work);
  const isolation = work.isolation ?? record.isolation;
  refuseLevel(record, await ctx.providers.get(isolation));
  await completeMachine(ctx, record, work.progress);
  const live = await certainState(ctx, record);
  const runsAt = live.state === "stopped" || live.state === "broken" ? undefined : live.isolation;
  if (runsAt && runsAt !== isolation) await stopAt(ctx, record, runsAt, work.progress);
  for (const level of record.ranAt) if (level !== isolation) await clearAt(ctx, record, level);
  const starting = runsAt !== isolation || live.state === "suspended";
  const network = await attachToNetwork(ctx, record, { starting: runsAt !== isolation });
  if (!starting && changes.length > 0) {
    ctx.reporter.warn(
      `${record.name} runs with other settings (${changes.join(", ")}); they apply after \`bothy halt\` and \`bothy up\``,
    );
  }
  if (starting) await startAt(ctx, { record, isolation, network, work, undo });
  const wait = record.box.disk ? awaitOwnSystem : awaitReady;
  const readiness = await wait(ctx, { ...record, isolation }, network, work.progress).catch((error) => {
    if (!ctx.signal.aborted) undo.commit(); // it runs, so that it can be looked at
    throw error;
  });
  undo.commit();
  const readyMs = Math.round(performance.now() - startedAt);
  const action = isNew ? "created" : actionOf(record, runsAt, isolation);
  const done = `${record.name}: its program ended with exit status 0`;
  work.progress.title(
    readiness === "done" ? done : summary(record.name, isolation, action, network.ip, readyMs),
  );
  return { name: record.name, id: record.id, isolation, action, ip: network.ip, readyMs };
}

/** The machine's state now. @throws BothyError `MACHINE_STATE` when a backend cannot tell. */
async function certainState(ctx: Context, record: MachineRecord): Promise<Live> {
  const live = (await liveStates(ctx, [record])).get(record.id);
  if (!live || live.state === "unknown") throw unknownState(record, live?.reason);
  return live;
}

function actionOf(
  record: MachineRecord,
  runsAt: Isolation | undefined,
  isolation: Isolation,
): UpOutcome["action"] {
  if (runsAt === isolation) return "unchanged";
  return record.isolation === isolation ? "started" : "switched";
}

interface StartAt {
  readonly record: MachineRecord;
  readonly isolation: Isolation;
  readonly network: Awaited<ReturnType<typeof attachToNetwork>>;
  readonly work: BringUp;
  readonly undo: Rollback;
}

async function startAt(ctx: Context, { record, isolation, network, work, undo }: StartAt): Promise<void> {
  const provider = await ctx.providers.get(isolation);
  const ranAt = [...new Set([...record.ranAt, isolation])];
  const current: MachineRecord = { ...record, intent: "present", isolation, ranAt };
  const spec = await runSpec(ctx, current, network, work.images);
  await writeRecord(ctx.layout, { ...current, intent: record.intent });
  undo.add("machine's record", () => writeRecord(ctx.layout, { ...record, ranAt }));
  work.progress.report(`starting as a ${isolation}`);
  await provider.start(spec, { signal: ctx.signal, report: work.progress.report });
  undo.add("start", () => provider.stop(record.id, { deadlineMs: 0 }));
  await writeRecord(ctx.layout, current);
}

async function stopAt(
  ctx: Context,
  record: MachineRecord,
  isolation: Isolation,
  progress: Progress,
): Promise<void> {
  progress.report(`stopping the ${isolation}`);
  const provider = await ctx.providers.get(isolation);
  await provider.stop(record.id, {
    deadlineMs: STOP_DEADLINE_MS,
    signal: ctx.signal,
    report: progress.report,
  });
}

/** What a run that ended by itself left at a level, so that it is not taken for the machine's state later. */
async function clearAt(ctx: Context, record: MachineRecord, isolation: Isolation): Promise<void> {
  await (await ctx.providers.get(isolation)).stop(record.id, { deadlineMs: 0 });
}

function unknownState(record: MachineRecord, reason: string | undefined): BothyError {
  return new BothyError(
    "MACHINE_STATE",
    `cannot tell whether machine "${record.name}" runs: ${reason ?? "no answer"}`,
    {
      hints: [
        "`bothy doctor` finds what is wrong on this host",
        "nothing was changed: the machine and its disk are kept",
      ],
    },
  );
}

function summary(
  name: string,
  isolation: Isolation,
  action: UpOutcome["action"],
  ip: string,
  readyMs: number,
): string {
  if (action === "unchanged") return `${name} already runs as a ${isolation} at ${ip}`;
  return `${name} is up as a ${isolation} at ${ip} (${action}, ${(readyMs / 1000).toFixed(1)} s)`;
}
