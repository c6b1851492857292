import { mkdir, mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import {
  CommandError,
  ensureFolder,
  type Layout,
  removeTree,
  run,
  statIfExists,
  writeJson,
} from "../../../system/index.ts";
import { cgroupFolders, type HostFacts, removeCgroups } from "../host/index.ts";
import { containerConfig, type OciConfig, type OciMount } from "../spec/index.ts";
import type { Runtime } from "./finder.ts";

const DEADLINE_MS = 5000;

/**
 * Runs `true` from the host's own files in a container that is set up like a machine's.
 * Returns what the runtime said when that failed. Leaves nothing.
 */
export async function tryRuntime(
  layout: Layout,
  runtime: Runtime,
  host: HostFacts,
): Promise<string | undefined> {
  await ensureFolder(layout.temporary());
  const bundle = await mkdtemp(join(layout.temporary(), "probe-"));
  const id = `probe-${process.pid}`;
  const cgroup = `/bothy-probe-${layout.tag}-${process.pid}`;
  const state = join(bundle, "state");
  try {
    await mkdir(join(bundle, "root"));
    await writeJson(join(bundle, "config.json"), await probeConfig(bundle, cgroup, host));
    await run([runtime.path, "--root", state, "run", "--bundle", bundle, id], { timeoutMs: DEADLINE_MS });
    return undefined;
  } catch (error) {
    if (error instanceof CommandError) return lastWords(error.result.stderr);
    return error instanceof Error ? error.message : String(error);
  } finally {
    if (await statIfExists(join(state, id))) {
      await run([runtime.path, "--root", state, "delete", "--force", id]).catch(() => {});
    }
    await removeCgroups(cgroupFolders(host.cgroups, cgroup));
    await removeTree(bundle, { within: layout.temporary() });
  }
}

async function probeConfig(bundle: string, cgroup: string, host: HostFacts): Promise<OciConfig> {
  const config = containerConfig(
    {
      spec: { hostname: "probe", boxInit: "/sbin/init", cpus: 1, memoryMiB: 64, pids: 64, seed: bundle },
      root: join(bundle, "root"),
      data: bundle,
      tools: bundle,
      cgroup,
      volumes: [],
    },
    host,
  );
  const process = { ...config.process, terminal: false, args: ["/bin/true"] };
  return { ...config, process, mounts: [...(await hostFiles()), ...config.mounts] };
}

/** The folders of the host's own programs, so that the probe needs no image. */
async function hostFiles(): Promise<OciMount[]> {
  const mounts: OciMount[] = [];
  for (const folder of ["/usr", "/bin", "/lib", "/lib64"]) {
    if (!(await statIfExists(folder))) continue;
    mounts.push({ destination: folder, type: "bind", source: folder, options: ["bind", "ro"] });
  }
  return mounts;
}

function lastWords(stderr: string): string {
  return stderr.trim().split("\n").at(-1) ?? "it failed and said nothing";
}
