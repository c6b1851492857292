import { type Box, type Damage, findDamage, getBox, listBoxes } from "../boxes/index.ts";
import { BothyError, messageOf } from "../errors.ts";
import { listRecords } from "../machines/index.ts";
import { repairBox, wayOn } from "./box-repair.ts";
import type { Context } from "./context.ts";
import type { Progress } from "./reporter.ts";

/** What became of one box. */
export interface Verified {
  readonly name: string;
  readonly state: "ok" | "repaired" | "damaged";
  /** What was wrong, in words. */
  readonly problems: readonly string[];
}

/** Something whose files are checked: a box, or a machine with files that no box has any more. */
interface Subject {
  readonly name: string;
  readonly layers: Box["layers"];
  readonly disk?: Box["disk"];
  readonly kernel?: Box["kernel"];
  /** Absent for a machine's. */
  readonly box?: Box;
}

/** What is left wrong with one of them. */
interface Left extends Verified {
  readonly hints: readonly string[];
}

/**
 * Reads every byte of boxes against its digest; without names of all, and of the files that only machines have. With
 * `repair`, what is damaged is fetched again from where the box came from.
 * @throws BothyError `LAYER_DAMAGED` naming everything that is left damaged, `BOX_UNKNOWN`.
 */
export async function verifyBoxes(
  ctx: Context,
  names: readonly string[],
  options: { repair?: boolean },
): Promise<{ boxes: readonly Verified[] }> {
  const { subjects, unreadable } = await subjectsOf(ctx, names);
  const checked = new Map<string, string | undefined>();
  const outcomes = await ctx.reporter.tasks<Left>(
    subjects.map((subject) => ({
      title: `verify ${subject.name}`,
      run: (progress) => verify(ctx, subject, { ...options, checked, progress }),
    })),
    { parallel: 1 },
  );
  const verified = outcomes.map((outcome, index) =>
    outcome.ok ? outcome.value : notRead(subjects[index]?.name ?? "", outcome.error),
  );
  if (ctx.signal.aborted) throw new BothyError("INTERRUPTED", "checking boxes was interrupted");
  const left = [...verified, ...unreadable].filter(({ state }) => state === "damaged");
  if (left.length > 0) throw damaged(left, verified.length + unreadable.length);
  return { boxes: verified.map(({ name, state, problems }) => ({ name, state, problems })) };
}

async function subjectsOf(
  ctx: Context,
  names: readonly string[],
): Promise<{ subjects: Subject[]; unreadable: Left[] }> {
  if (names.length > 0) {
    const boxes = await Promise.all(names.map((name) => getBox(ctx.layout, name)));
    const unique = new Map(boxes.map((box) => [box.name, box])).values();
    return { subjects: [...unique].map((box) => ({ ...box, box })), unreadable: [] };
  }
  const entries = await listBoxes(ctx.layout);
  const boxes = entries.flatMap((entry) => (entry.state === "ok" ? [entry.box] : []));
  const unreadable = entries.flatMap((entry): Left[] => {
    if (entry.state === "ok") return [];
    const { name, reason } = entry;
    return [{ name, state: "damaged", problems: [reason], hints: [`bothy box remove ${name}`] }];
  });
  const machines = await machineSubjects(ctx, boxes);
  return { subjects: [...boxes.map((box) => ({ ...box, box })), ...machines], unreadable };
}

async function machineSubjects(ctx: Context, boxes: readonly Box[]): Promise<Subject[]> {
  const known = new Set(
    boxes.flatMap(({ layers, disk, kernel }) =>
      [...layers, disk, kernel].flatMap((part) => part?.digest ?? []),
    ),
  );
  const unknown = <Part extends { readonly digest: string }>(part: Part | undefined) =>
    part && !known.has(part.digest) ? part : undefined;
  const { records } = await listRecords(ctx.layout);
  return records.flatMap(({ name, project, box }) => {
    const layers = box.layers.filter(unknown);
    const [disk, kernel] = [unknown(box.disk), unknown(box.kernel)];
    const some = layers.length > 0 || disk || kernel;
    return some ? [{ name: `machine ${project.name}/${name}`, layers, disk, kernel }] : [];
  });
}

async function verify(
  ctx: Context,
  subject: Subject,
  options: { repair?: boolean; checked: Map<string, string | undefined>; progress: Progress },
): Promise<Left> {
  const { name, box } = subject;
  const { checked, progress } = options;
  const found = await findDamage(ctx.layout, subject, { signal: ctx.signal, checked });
  const problems = found.map(({ problem }) => problem);
  if (found.length === 0) {
    progress.title(`${name}: every byte is right`);
    return { name, state: "ok", problems, hints: [] };
  }
  progress.title(`${name} is damaged`);
  if (!box)
    return { name, state: "damaged", problems, hints: ["restore the file, or make the machine anew"] };
  if (!options.repair)
    return { name, state: "damaged", problems, hints: [`bothy box verify --repair ${name}`] };
  const failure = await repair(ctx, box, found, options);
  if (failure)
    return { name, state: "damaged", problems: [...problems, messageOf(failure)], hints: failure.hints };
  progress.title(`${name} is repaired`);
  return { name, state: "repaired", problems, hints: [] };
}

/** Why it could not be repaired; nothing when every byte is right again. */
async function repair(
  ctx: Context,
  box: Box,
  found: readonly Damage[],
  { checked, progress }: { checked: Map<string, string | undefined>; progress: Progress },
): Promise<BothyError | undefined> {
  try {
    await repairBox(ctx, box, found, progress);
  } catch (error) {
    if (error instanceof BothyError && !ctx.signal.aborted) return error;
    throw error;
  }
  for (const { digest } of found) checked.delete(digest);
  const [still] = await findDamage(ctx.layout, box, { signal: ctx.signal, checked });
  return still && new BothyError("LAYER_DAMAGED", `after the repair ${still.problem}`, { hints: wayOn(box) });
}

function notRead(name: string, error: unknown): Left {
  const hints = error instanceof BothyError ? error.hints : [];
  return { name, state: "damaged", problems: [messageOf(error)], hints };
}

function damaged(left: readonly Left[], of: number): BothyError {
  const lines = left.map(({ name, problems }) => `${name}: ${problems.join("; ")}`);
  const head = left.length === 1 && of === 1 ? "" : `${left.length} of ${of} are damaged\n`;
  return new BothyError("LAYER_DAMAGED", head + lines.join("\n"), {
    hints: [...new Set(left.flatMap(({ hints }) => hints))],
  });
}
