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
  return { table, bridges: BRIDGE_PREFIX, networks };
}

/** The text for `nft -f -` that makes or replaces a project's table. */
export function renderRules(view: RulesView): Promise<string> {
  return renderTemplate("network/rules.nft", view, { escape: "none" });
}

/**
 * Whether the kernel has exactly the rules that were last loaded, and those are of this view and template.
 * One `nft list`, which is five times quicker than loading them again.
 */
export async function rulesAreCurrent(
  layout: Layout,
  projectId: string,
  state: ProjectNetworks,
): Promise<boolean> {
  const view = rulesView(tableName(layout, projectId), state);
  const record = await readIfExists(recordPath(layout, projectId));
  if (record === undefined) return false;
  const [source, live] = await Promise.all([digestOfSource(view), digestOfLive(view.table)]);
  return record === `${source} ${live}`;
}

/** Loads a project's rules, replacing what is left of older ones; the caller holds the network's lock. */
export async function loadRules(layout: Layout, projectId: string, state: ProjectNetworks): Promise<void> {
  const view = rulesView(tableName(layout, projectId), state);
  await run(["nft", "-f", "-"], { input: await renderRules(view) });
  const [source, live] = await Promise.all([digestOfSource(view), digestOfLive(view.table)]);
  await ensureFolder(layout.project(projectId).names);
  await writeFile(recordPath(layout, projectId), `${source} ${live}`);
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

async function digestOfSource(view: RulesView): Promise<string> {
  const template = await readFile(asset("templates", "network/rules.nft.hbs"), "utf8");
  return digest(JSON.stringify(view) + template);
}

async function digestOfLive(table: string): Promise<string> {
  const listed = await run(["nft", "-s", "list", "table", "inet", table], { okCodes: [0, 1] });
  return digest(listed.exitCode === 0 ? listed.stdout : "");
}

function recordPath(layout: Layout, projectId: string): string {
  return join(layout.project(projectId).names, "rules");
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
