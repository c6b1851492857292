import { basename, dirname, join, resolve } from "node:path";
import { isKnownBox } from "../boxes/index.ts";
import { renderProjectFile } from "../config/index.ts";
import { BothyError } from "../errors.ts";
import type { Isolation } from "../providers/provider.ts";
import { statIfExists, writeFileAtomic } from "../system/index.ts";
import type { Context } from "./context.ts";

/** What `init` was asked for. */
export interface InitOptions {
  readonly box: string;
  readonly template: string;
  readonly isolation?: Isolation | undefined;
  /** The file to write, or `-` for nowhere: the text is returned. */
  readonly output: string;
  readonly force?: boolean | undefined;
}

/** Writes a commented project file. @throws BothyError `FILE_EXISTS` unless forced. */
export async function init(
  ctx: Context,
  options: InitOptions,
): Promise<{ path: string | null; text: string }> {
  const path = options.output === "-" ? null : resolve(ctx.cwd, options.output);
  const folder = path === null ? ctx.cwd : dirname(path);
  const { template, box, isolation } = options;
  const text = await renderProjectFile({ template, box, isolation, name: basename(folder), folder });
  if (!(await isKnownBox(ctx.layout, box))) {
    ctx.reporter.warn(`no box "${box}": \`bothy box list\` shows those there are`);
  }
  if (path !== null) await writeNew(path, text, options.force ?? false);
  return { path, text };
}

async function writeNew(path: string, text: string, force: boolean): Promise<void> {
  if (!force && (await statIfExists(path))) {
    throw new BothyError("FILE_EXISTS", `${path} is there already`, {
      hints: [
        "`bothy init --force` replaces it",
        `\`bothy init --output ${join(dirname(path), "other.yaml")}\` writes another file`,
      ],
    });
  }
  if (!(await statIfExists(dirname(path)))) {
    throw new BothyError("USAGE", `there is no folder ${dirname(path)}`, {
      hints: [`mkdir -p ${dirname(path)}`],
    });
  }
  await writeFileAtomic(path, text);
}
