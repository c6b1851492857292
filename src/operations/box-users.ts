import { listRecords, type MachineRecord } from "../machines/index.ts";
import type { Context } from "./context.ts";

/** Who stands on a digest, of a box, a layer, a disk or a kernel; with a name, on the box of that name only. */
export type BoxUsers<Answer> = (digest: string, boxName?: string) => Answer;

/**
 * Tells who uses what, as PROJECT/NAME. The records are read at each question, so that one asked under the store's lock
 * sees every machine. A machine that cannot be read counts for all.
 */
export function boxUsers(ctx: Context): BoxUsers<Promise<string[]>> {
  return async (digest, boxName) => (await readUsers(ctx))(digest, boxName);
}

/** As `boxUsers`, of the machines that there are now: for many questions at once. */
export async function readUsers(ctx: Context): Promise<BoxUsers<string[]>> {
  const { records, broken } = await listRecords(ctx.layout);
  const known = records.map((record) => ({ record, digests: digestsIn(record) }));
  const unreadable = broken.map(({ id }) => `${id} (damaged)`);
  return (digest, boxName) => {
    const isUser = ({ record, digests }: (typeof known)[number]) =>
      digests.has(digest) && (boxName === undefined || record.box.name === boxName);
    return [...known.filter(isUser).map(({ record }) => nameOf(record)), ...unreadable];
  };
}

/**
 * Says why what nobody seems to use was kept, each reason once. A machine that cannot be read is one: it may stand on
 * anything.
 */
export async function tellKept(ctx: Context, reasons: readonly (string | undefined)[]): Promise<void> {
  const [first] = (await listRecords(ctx.layout)).broken;
  const machine = first && `the machine ${first.id} cannot be read: \`bothy status --all\``;
  const told = new Set([...reasons, machine].flatMap((reason) => reason ?? []));
  for (const reason of told) ctx.reporter.warn(`not everything could be removed: ${reason}`);
}

/** Every digest in a machine's record, wherever it stands there: one too many keeps a file, one too few removes it. */
function digestsIn(record: MachineRecord): ReadonlySet<string> {
  return new Set(JSON.stringify(record).match(/\b[0-9a-f]{64}\b/g));
}

function nameOf({ project, name }: MachineRecord): string {
  return `${project.name}/${name}`;
}
