import { chmod, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Layout, layout } from "../../src/system/index.ts";

/** A store of a test's own. */
export interface TempHome extends AsyncDisposable {
  /** The folder of everything below. */
  readonly folder: string;
  readonly layout: Layout;
  /** The variables that make a child process use this store. */
  readonly env: { readonly BOTHY_HOME: string; readonly BOTHY_RUN: string };
  /** Makes a folder beside the store, for a project or for files. */
  sub(name: string): Promise<string>;
}

/**
 * A fresh store under /var/tmp, in which libvirt's QEMU user may look for files; `BOTHY_HOME` and `BOTHY_RUN` name it.
 * Disposing puts the variables back and removes it; fails, and removes nothing, when something is mounted in it.
 */
export async function tempHome(): Promise<TempHome> {
  const folder = await mkdtemp("/var/tmp/bothy-t-");
  await chmod(folder, 0o755);
  const env = { BOTHY_HOME: join(folder, "home"), BOTHY_RUN: join(folder, "run") };
  await mkdir(env.BOTHY_HOME);
  const restore = setVariables(env);
  return {
    folder,
    layout: layout(),
    env,
    sub: async (name) => {
      const path = join(folder, name);
      await mkdir(path, { recursive: true });
      return path;
    },
    [Symbol.asyncDispose]: async () => {
      restore();
      const mounted = await mountsBelow(folder);
      if (mounted.length > 0) throw new Error(`still mounted in the test's store: ${mounted.join(", ")}`);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The mount points in a folder, from the kernel. */
export async function mountsBelow(folder: string): Promise<string[]> {
  const lines = (await readFile("/proc/self/mountinfo", "utf8")).trim().split("\n");
  return lines.map((line) => line.split(" ")[4] ?? "").filter((point) => point.startsWith(`${folder}/`));
}

/** Sets variables of this process; the returned function puts back what was there. */
function setVariables(values: Readonly<Record<string, string>>): () => void {
  const before = Object.keys(values).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, values);
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
}
