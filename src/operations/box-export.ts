import { resolve } from "node:path";
import { getBox } from "../boxes/index.ts";
import type { Context } from "./context.ts";
import { valuesOf } from "./outcomes.ts";

/** What `box export` was asked for. */
export interface BoxExportOptions {
  readonly box: string;
  /** One of `oci`, `docker`, `rootfs`, `vagrant`; told by the output's name when absent. */
  readonly format?: string | undefined;
  readonly output: string;
  readonly force?: boolean | undefined;
}

/** What was written. */
export interface BoxExported {
  readonly box: string;
  readonly format: string;
  readonly output: string;
}

/** Writes a box as a file or folder that other tools read. The box stays as it is, and in the store. */
export async function exportBoxes(ctx: Context, options: BoxExportOptions): Promise<BoxExported> {
  const { exportBox, formatOf, leaseLayers, requireFormat } = await import("../boxes/export/index.ts");
  const output = resolve(ctx.cwd, options.output);
  const format = options.format === undefined ? formatOf(output) : requireFormat(options.format);
  await using _lease = await leaseLayers(ctx.layout, ctx.signal); // nobody may remove a layer that is being read
  const box = await getBox(ctx.layout, options.box);
  const task = `export ${box.name}`;
  const outcomes = await ctx.reporter.tasks([
    {
      title: task,
      run: async ({ report, title }) => {
        const { force } = options;
        await exportBox(ctx.layout, box, { format, output, force, signal: ctx.signal, report });
        title(`${box.name} is in ${output}`);
      },
    },
  ]);
  valuesOf(outcomes, [task]);
  return { box: box.name, format, output };
}
