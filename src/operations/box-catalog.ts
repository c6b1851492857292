import { mkdtemp, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { download } from "../boxes/download/index.ts";
import { chooseBox, type Offer, parseCatalog } from "../boxes/vagrant/index.ts";
import { BothyError, messageOf } from "../errors.ts";
import { ensureFolder, removeTree } from "../system/index.ts";
import type { Context } from "./context.ts";

/** What of a catalog is wanted. */
export interface Choice {
  readonly constraint?: string | undefined;
  readonly provider?: Offer["provider"] | undefined;
  readonly architecture?: string | undefined;
}

/**
 * What a catalog, a URL or a path, offers now to whoever wants a version that meets the constraint.
 * @throws BothyError `BOX_INVALID`, and as downloads do.
 */
export async function newestOffer(ctx: Context, catalog: string, choice: Choice = {}): Promise<Offer> {
  const { constraint: version, provider, architecture } = choice;
  const place = catalog.startsWith("file://") ? fileURLToPath(catalog) : catalog;
  const isUrl = /^https?:\/\//i.test(place);
  const base = isUrl ? place : resolve(ctx.cwd, place);
  const text = isUrl ? await fetchText(ctx, base) : await readText(base);
  return chooseBox(parseCatalog(text, catalog), base, { version, provider, architecture });
}

async function fetchText({ layout, signal }: Context, url: string): Promise<string> {
  await ensureFolder(layout.temporary());
  const folder = await mkdtemp(join(layout.temporary(), "catalog-"));
  try {
    const { path } = await download({ url, target: join(folder, "catalog.json"), signal });
    return await readFile(path, "utf8");
  } finally {
    await removeTree(folder, { within: layout.temporary() });
  }
}

async function readText(path: string): Promise<string> {
  return readFile(path, "utf8").catch((error: unknown) => {
    throw new BothyError("BOX_INVALID", `the catalog \`${path}\` cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  });
}
