import { findBox } from "../boxes/index.ts";
import type { MachineRecord } from "../machines/index.ts";
import type { BringUp } from "./bring-up.ts";
import type { Context } from "./context.ts";
import { sourceName } from "./source-name.ts";

/**
 * Says when a machine that exists stands on another box than the project file names, or on an earlier one of that name:
 * it keeps what it was made with, and whoever changed the file should know.
 */
export async function tellOtherBox(ctx: Context, record: MachineRecord, work: BringUp): Promise<void> {
  const { config } = work.target;
  if (!config) return;
  const name = work.images.boxName(config);
  const box = await findBox(ctx.layout, name).catch(() => undefined);
  const anew = `\`bothy destroy ${record.name}\` and \`bothy up ${record.name}\` make it anew`;
  if (record.box.name !== name && record.box.name !== box?.name) {
    const wanted = sourceName(config.source);
    ctx.reporter.warn(`${record.name} stands on ${record.box.name}, and bothy.yaml says ${wanted}; ${anew}`);
  } else if (box && box.digest !== record.box.digest) {
    ctx.reporter.info(`${record.name} stands on an earlier ${name} than the store has; ${anew}`);
  }
}
