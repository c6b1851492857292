import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { allocate, ensureNetwork, removeNetwork, updateNames } from "../../../src/network/index.ts";
import type { Isolation, Nic, Provider } from "../../../src/providers/provider.ts";
import { providerRegistry } from "../../../src/providers/registry.ts";
import { type Layout, layout as layoutOf, run, waitFor } from "../../../src/system/index.ts";
import { linkImages } from "../images.ts";
import { type Images, machineSpec } from "../machine-spec.ts";
import { pidsMentioning, residueOf } from "../residue.ts";
import { tempHome } from "../temp-home.ts";
import type { Harness } from "./harness.ts";

/** A real provider in a store of its own, with a bridge and names as a project has them. */
export async function realHarness(
  isolation: Isolation,
  imagesOf: (layout: Layout) => Promise<Images>,
): Promise<Harness> {
  const home = await tempHome();
  const { layout } = home;
  await linkImages(layout.home);
  const images = await imagesOf(layout);
  const project = { id: randomBytes(4).toString("hex"), name: "conform" };
  const ids: string[] = [];
  const nicsOf = async (id: string) => {
    ids.push(id);
    return plugIn(layout, project, ids, id);
  };
  const open = await opener(isolation, layout);
  const elsewhere = await opener(isolation, otherStore(home.folder));
  return {
    open,
    elsewhere,
    spec: (wish) => machineSpec({ layout, isolation, images, project, nicsOf }, wish),
    crash: ({ id }) => killAll(id),
    setLink: async ({ nics }, up) => {
      await run(["ip", "link", "set", "dev", nics[0]?.hostLink ?? "", up ? "up" : "down"]);
    },
    residue: async (id) => (await residueOf(layout, id)).filter((line) => !isNetwork(line)),
    [Symbol.asyncDispose]: async () => {
      for (const id of ids) await open().stop(id, { deadlineMs: 0 });
      await removeNetwork(layout, project.id);
      const left = await residueOf(layout);
      await home[Symbol.asyncDispose]();
      if (left.length > 0) throw new Error(`left on this host:\n${left.join("\n")}`);
    },
  };
}

/** Makes new providers; the registry loads them late, and the suite wants them at once. */
async function opener(isolation: Isolation, layout: Layout): Promise<() => Provider> {
  let next = await providerRegistry(layout).get(isolation);
  return () => {
    const provider = next;
    void providerRegistry(layout)
      .get(isolation)
      .then((fresh) => (next = fresh));
    return provider;
  };
}

/** Another store on the same host; what runs is found elsewhere too. */
function otherStore(folder: string): Layout {
  const run = process.env["BOTHY_RUN"];
  process.env["BOTHY_RUN"] = join(folder, "elsewhere", "run");
  try {
    return layoutOf(join(folder, "elsewhere", "home"));
  } finally {
    process.env["BOTHY_RUN"] = run;
  }
}

async function plugIn(
  layout: Layout,
  project: { id: string; name: string },
  ids: readonly string[],
  id: string,
): Promise<readonly Nic[]> {
  const nics = (await allocate(layout, project.id, [id])).get(id) ?? [];
  await ensureNetwork(layout, project.id, nics);
  await updateNames(
    layout,
    project,
    ids.map((one) => ({ id: one, name: `m-${one}` })),
  );
  return nics;
}

/** The project's own part, which stays as long as the harness. */
function isNetwork(line: string): boolean {
  return /^(?:link: bob|nft table:|process: \d+ \S*dnsmasq )/.test(line);
}

/** Kills everything that runs the machine, monitors first, so that none can tidy up. */
async function killAll(id: string): Promise<void> {
  const monitors = pidsMentioning(id);
  const children = monitors.flatMap(childrenOf);
  for (const pid of [...monitors, ...children]) kill(pid);
  const all = [...monitors, ...children];
  await waitFor(
    {
      title: `the end of ${all.join(", ")}`,
      attempt: async () => (all.some((pid) => isAlive(pid)) ? undefined : true),
    },
    { timeoutMs: 10_000, intervalMs: 20 },
  );
}

function childrenOf(pid: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && fieldsOf(name)[1] === String(pid))
    .map(Number);
}

function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && !["Z", "X", undefined].includes(fieldsOf(String(pid))[0]);
}

/** State and parent of a process, from after its name, which may have any character. */
function fieldsOf(pid: string): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return [];
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // ended with the one before
  }
}
