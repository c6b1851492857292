import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { rm, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { BothyError } from "../errors.ts";
import { ensureFolder, type Layout, namesIn, readIfExists, removeTree, writeJson } from "../system/index.ts";

const schema = z.strictObject({
  version: z.literal(1),
  id: z.string().regex(/^[0-9a-f]{8}$/),
  name: z.string(),
  /** The folder with the project file, as last seen. */
  path: z.string(),
});

/** A project as the store remembers it. */
export type ProjectRecord = z.infer<typeof schema>;

/**
 * The id of the folder's project, or `undefined` when it never had a machine. A folder that was moved keeps it;
 * a copy, whose original is still there, is a project of its own.
 */
export async function readProjectId(folder: string): Promise<string | undefined> {
  const known = await readProjectFile(pointer(folder));
  if (!known || known.path === folder) return known?.id;
  const original = await readProjectFile(pointer(known.path)).catch(() => undefined);
  return original?.id === known.id ? undefined : known.id;
}

/**
 * The project of a folder, made at the first call and written to both places. While this process lives, no other one
 * forgets it: its first machine is still to come. The caller holds the lock of all projects.
 */
export async function ensureProject(layout: Layout, folder: string, name: string): Promise<ProjectRecord> {
  const id = (await readProjectId(folder)) ?? randomBytes(4).toString("hex");
  const project: ProjectRecord = { version: 1, id, name, path: folder };
  await noteUser(layout, id);
  const text = JSON.stringify(project);
  const [stored, pointed] = await Promise.all(
    [layout.project(id).state, pointer(folder)].map((path) => readProjectFile(path).catch(() => undefined)),
  );
  if (JSON.stringify(stored) === text && JSON.stringify(pointed) === text) return project;
  await writeJson(layout.project(id).state, project);
  await ensureFolder(join(folder, ".bothy"));
  await writeJson(pointer(folder), project);
  return project;
}

/** Every project of the store that can be read. */
export async function listProjects(layout: Layout): Promise<ProjectRecord[]> {
  const ids = await namesIn(layout.projects());
  const all = await Promise.all(
    ids.map((id) => readProjectFile(layout.project(id).state).catch(() => undefined)),
  );
  return all.filter((project) => project !== undefined);
}

/**
 * Forgets a project that has no machines any more, in the store and in its folder. Idempotent. False, and nothing is
 * done, while another living process is about to make machines of it. With `dryRun` it only tells. The caller holds the
 * lock of all projects.
 */
export async function forgetProject(
  layout: Layout,
  project: { id: string; path: string },
  options: { dryRun?: boolean } = {},
): Promise<boolean> {
  if ((await otherUsers(layout, project.id)).length > 0) return false;
  if (!options.dryRun) await forget(layout, project);
  return true;
}

async function forget(layout: Layout, project: { id: string; path: string }): Promise<void> {
  await removeTree(layout.project(project.id).folder, { within: layout.projects() });
  const pointed = await readProjectFile(pointer(project.path)).catch(() => undefined);
  if (pointed?.id !== project.id) return;
  await removeTree(pointer(project.path), { within: project.path });
  await rmdir(join(project.path, ".bothy")).catch(() => {}); // other files in it stay
}

/** A file for each process that asked for the project; those of ended ones go when the next comes. */
async function noteUser(layout: Layout, id: string): Promise<void> {
  const folder = users(layout, id);
  await ensureFolder(folder);
  const ended = (await namesIn(folder)).filter((pid) => !isAlive(pid));
  await Promise.all(ended.map((pid) => rm(join(folder, pid), { force: true })));
  await writeFile(join(folder, String(process.pid)), "");
}

async function otherUsers(layout: Layout, id: string): Promise<string[]> {
  const pids = await namesIn(users(layout, id));
  return pids.filter((pid) => pid !== String(process.pid) && isAlive(pid));
}

/** A number that was given to another process since keeps the project a little longer. */
function isAlive(pid: string): boolean {
  return existsSync(join("/proc", pid));
}

function users(layout: Layout, id: string): string {
  return join(layout.project(id).folder, "users");
}

function pointer(folder: string): string {
  return join(folder, ".bothy", "project.json");
}

async function readProjectFile(path: string): Promise<ProjectRecord | undefined> {
  const text = await readIfExists(path);
  if (text === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new BothyError("STATE_INVALID", `cannot use ${path}: it is damaged or of a newer version`, {
      hints: [
        `put the file back, or remove it (\`rm ${path}\`): machines stay listed in \`bothy status --all\``,
      ],
      cause: error,
    });
  }
}
