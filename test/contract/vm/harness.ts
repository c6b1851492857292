import { readFile } from "node:fs/promises";
import { libvirtProvider } from "../../../src/providers/libvirt/index.ts";
import type { Nic, Provider, RunSpec } from "../../../src/providers/provider.ts";
import { type Layout, layout, run, waitFor } from "../../../src/system/index.ts";
import type { Harness } from "../../support/conformance/harness.ts";
import { type Images, machineSpec, type Wish } from "../../support/machine-spec.ts";
import { residueOf } from "../../support/residue.ts";
import { tempHome } from "../../support/temp-home.ts";
import { tinyImages } from "./images.ts";

/** The host's own daemon with a store and a bridge of the test's own. */
export interface VmHarness extends Harness {
  readonly layout: Layout;
  readonly images: Images;
  /** The name that libvirt has for a machine. */
  domain(spec: RunSpec): string;
  /** Pid of the machine's QEMU. */
  qemu(spec: RunSpec): Promise<number>;
}

const SUBNET = "10.214.77";
const PROJECT = { id: "0123abcd", name: "vmtest" };

/** Makes store, bridge and images. Machines are emulated, so that every host runs the same. */
export async function vmHarness(): Promise<VmHarness> {
  const home = await tempHome();
  const bridge = `bov${home.layout.tag}`;
  await run(["ip", "link", "add", bridge, "type", "bridge"]);
  await run(["ip", "address", "add", `${SUBNET}.1/24`, "dev", bridge]);
  await run(["ip", "link", "set", bridge, "up"]);
  const images = await tinyImages(home.layout);
  const place = {
    layout: home.layout,
    isolation: "vm" as const,
    images,
    project: PROJECT,
    nicsOf: nics(bridge),
  };
  const open = (): Provider => libvirtProvider({ layout: home.layout });
  const domain = (spec: RunSpec) => `bothy-${spec.project.name}-${spec.name}`;
  const names = new Map<string, string>();
  const qemu = async (spec: RunSpec) =>
    Number(await readFile(`/run/libvirt/qemu/${domain(spec)}.pid`, "utf8"));
  return {
    layout: home.layout,
    images,
    domain,
    qemu,
    open,
    elsewhere: () => libvirtProvider({ layout: layout(`${home.folder}/other`) }),
    spec: async (wish: Wish = {}) => {
      const spec: RunSpec = { ...(await machineSpec(place, wish)), acceleration: "tcg" };
      names.set(spec.id, domain(spec));
      return spec;
    },
    crash: async (spec) => killAndWait(await qemu(spec)),
    setLink: async (spec, up) => {
      for (const { hostLink } of spec.nics) await run(["ip", "link", "set", hostLink, up ? "up" : "down"]);
    },
    residue: async (id) => (await residueOf(home.layout, id)).filter((line) => isOf(line, id, names)),
    [Symbol.asyncDispose]: async () => {
      for (const id of (await open().inspect()).keys()) await open().stop(id, { deadlineMs: 0 });
      await run(["ip", "link", "del", bridge]);
      await home[Symbol.asyncDispose]();
    },
  };
}

/** A domain's XML names the whole store: of one machine counts its own domain only. */
function isOf(line: string, id: string | undefined, names: ReadonlyMap<string, string>): boolean {
  return id === undefined || !line.startsWith("domain: ") || line === `domain: ${names.get(id)}`;
}

/** Ends a process and returns when the kernel has let go of what it had. */
export async function killAndWait(pid: number): Promise<void> {
  process.kill(pid, "SIGKILL");
  const ended = async () => {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => ") X");
    return /\) [ZX]/.test(stat) ? true : undefined;
  };
  await waitFor({ title: `process ${pid} to end`, attempt: ended }, { timeoutMs: 5000, intervalMs: 5 });
}

function nics(bridge: string): (id: string) => Promise<readonly Nic[]> {
  let count = 1;
  return async (id) => {
    count += 1;
    const mac = `52:54:00:77:00:${count.toString(16).padStart(2, "0")}`;
    const address = `${SUBNET}.${count}/24`;
    return [{ network: "default", bridge, hostLink: `bo${id}0`, mac, address, gateway: `${SUBNET}.1` }];
  };
}
