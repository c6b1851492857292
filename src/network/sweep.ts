import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { hasErrno } from "../errors.ts";
import { type Layout, removeTree } from "../system/index.ts";
import { endDnsmasq, findDnsmasq } from "./dnsmasq.ts";
import { deleteTables, listTables } from "./firewall.ts";
import { tableName } from "./identity.ts";
import { deleteLinks } from "./links.ts";
import { ownedLinks } from "./owner.ts";

/** Something of a project's network that nobody needs any more. */
export interface Leftover {
  readonly kind: "link" | "rules" | "names";
  /** The link, the table, or the folder of the dnsmasq. */
  readonly name: string;
  readonly project: string;
}

/**
 * Finds what this store has on the host for projects that `keep` does not know: links, rules, dnsmasq processes and
 * their files; removes it unless `dryRun`. Returns what it found. For `gc`: what a killed process left.
 */
export async function sweepNetworks(
  layout: Layout,
  keep: (projectId: string) => boolean,
  options: { readonly dryRun: boolean },
): Promise<Leftover[]> {
  const all = await Promise.all([findNames(layout), findTables(layout), findLinks(layout)]);
  const found = all.flat().filter(({ project }) => !keep(project));
  if (!options.dryRun) await remove(layout, found);
  return found;
}

async function findLinks(layout: Layout): Promise<Leftover[]> {
  return (await ownedLinks(layout)).map((link) => ({ kind: "link", ...link }));
}

async function findTables(layout: Layout): Promise<Leftover[]> {
  const prefix = tableName(layout, "");
  const tables = await listTables(prefix);
  return tables.map((name) => ({ kind: "rules", name, project: name.slice(prefix.length) }));
}

async function findNames(layout: Layout): Promise<Leftover[]> {
  const parent = namesParent(layout);
  const [folders, processes] = await Promise.all([listFolder(parent), findDnsmasq(parent)]);
  const running = processes.map(({ config }) => basename(dirname(config)));
  const projects = [...new Set([...folders, ...running])];
  return projects.map((project) => ({ kind: "names", name: join(parent, project), project }));
}

async function remove(layout: Layout, found: readonly Leftover[]): Promise<void> {
  const names = (kind: Leftover["kind"]) =>
    found.filter((item) => item.kind === kind).map(({ name }) => name);
  const removals = await Promise.allSettled([
    ...names("names").map((folder) => removeNames(layout, folder)),
    deleteTables(names("rules")),
    deleteLinks(names("link")),
  ]);
  for (const removal of removals) if (removal.status === "rejected") throw removal.reason;
}

async function removeNames(layout: Layout, folder: string): Promise<void> {
  await endDnsmasq(await findDnsmasq(folder));
  await removeTree(folder, { within: namesParent(layout) });
}

function namesParent(layout: Layout): string {
  return dirname(layout.project("any").names);
}

async function listFolder(path: string): Promise<string[]> {
  return readdir(path).catch((error: unknown) => {
    if (hasErrno(error, "ENOENT")) return [];
    throw error;
  });
}
