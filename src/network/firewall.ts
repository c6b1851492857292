import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { asset, ensureFolder, type Layout, readIfExists, renderTemplate, run } from "../system/index.ts";
import { BRIDGE_PREFIX, tableName } from "./identity.ts";
import { readSetting } from "./links.ts";
import type { ProjectNetworks } from "./state.ts";

const FORWARDING = "net/ipv4/ip_forward";

/** What the template of the rules needs. */
export interface RulesView {
  readonly table: string;
  /** There is a table of that name, which the new one takes the place of. */
  readonly replace: boolean;
  /** What every bridge of bothy's begins with, of all projects and stores. */
  readonly bridges: string;
  readonly networks: readonly {
    readonly bridge: string;
    readonly subnet: string;
    readonly gateway: string;
  }[];
}

/** The view model of a project's rules. */
export function rulesView(table: string, state: ProjectNetworks): RulesView {
  const networks = Object.values(state.networks).map(({ bridge, subnet, gateway }) => ({
    bridge,
    subnet,
    gateway,
  }));
  return { table, replace: false, bridges: BRIDGE_PREFIX, networks };
}

/** The text for `nft -f -` that makes or replaces a project's table. */
export function renderRules(view: RulesView): Promise<string> {
  return renderTemplate("network/rules.nft", view, { escape: "none" });
}

/**
 * Whether the kernel has exactly the rules that were last loaded, and those are of this view and template.
 * It is asked by one `nft list`; to load the rules again each time would take five times as long.
 */
export async function rulesAreCurrent(
  layout: Layout,
  projectId: string,
  state: ProjectNetworks,
): Promise<boolean> {
  const view = rulesView(tableName(layout, projectId), state);
  const record = await readIfExists(recordPath(layout, projectId));
  return record !== undefined && record === (await recordOf(view, await listTable(view.table)));
}

/** Loads a project's rules unless they are there, replacing what is left of older ones; the caller holds the lock. */
export async function ensureRules(layout: Layout, projectId: string, state: ProjectNetworks): Promise<void> {
  if (await rulesAreCurrent(layout, projectId, state)) return;
  const view = rulesView(tableName(layout, projectId), state);
  const replace = (await listTable(view.table)) !== undefined; // to delete nothing takes 15 ms too
  await run(["nft", "-f", "-"], { input: await renderRules({ ...view, replace }) });
  await ensureFolder(layout.project(projectId).names);
  await writeFile(recordPath(layout, projectId), await recordOf(view, await listTable(view.table)));
}

/** Removes tables in one call; none there is no error. */
export async function deleteTables(tables: readonly string[]): Promise<void> {
  const lines = tables.map((table) => `table inet ${table}\ndelete table inet ${table}\n`);
  if (lines.length > 0) await run(["nft", "-f", "-"], { input: lines.join("") });
}

/** The names of the `inet` tables that begin with `prefix`. */
export async function listTables(prefix: string): Promise<string[]> {
  const { stdout } = await run(["nft", "list", "tables", "inet"]);
  const names = stdout.split("\n").map((line) => line.split(" ")[2] ?? "");
  return names.filter((name) => name.startsWith(prefix));
}

/** Whether the host forwards between its links. */
export async function forwards(): Promise<boolean> {
  return (await readSetting(FORWARDING)) !== "0";
}

/** Lets the host forward; writes nothing where it does. */
export async function ensureForwarding(): Promise<void> {
  if (!(await forwards())) await writeFile(`/proc/sys/${FORWARDING}`, "1");
}

/** What was loaded and how the kernel shows it: versions of nft print the same rules in different ways. */
async function recordOf(view: RulesView, listed: string | undefined): Promise<string> {
  const template = await readFile(asset("templates", "network/rules.nft.hbs"), "utf8");
  return `${digest(JSON.stringify(view) + template)} ${digest(listed ?? "")}`;
}

async function listTable(table: string): Promise<string | undefined> {
  const { exitCode, stdout } = await run(["nft", "-s", "list", "table", "inet", table], { okCodes: [0, 1] });
  return exitCode === 0 ? stdout : undefined;
}

function recordPath(layout: Layout, projectId: string): string {
  return join(layout.project(projectId).names, "rules");
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
