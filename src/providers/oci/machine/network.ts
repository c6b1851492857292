import { readdir, readFile } from "node:fs/promises";
import { BothyError } from "../../../errors.ts";
import { run, statIfExists } from "../../../system/index.ts";
import { type LinkOwner, linkAlias } from "../../link-alias.ts";
import type { Nic } from "../../provider.ts";

/**
 * Makes each interface as a pair of links: one end on its bridge, the other inside the network namespace of
 * `pid`, named by its position. The machine sets its addresses itself.
 * @throws BothyError `NETWORK_CONFLICT` when a bridge is missing or a link's name is taken.
 */
export async function plugIn(
  owner: LinkOwner,
  nics: readonly Nic[],
  pid: number,
  signal?: AbortSignal,
): Promise<void> {
  if (nics.length === 0) return;
  for (const nic of nics) await assertPluggable(nic);
  await run(["ip", "-batch", "-"], { input: linkCommands(owner, nics, pid), signal });
}

/** The input of `ip -batch` that makes the links. */
export function linkCommands(owner: LinkOwner, nics: readonly Nic[], pid: number): string {
  const lines = nics.flatMap((nic, index) => [
    `link add dev ${nic.hostLink} type veth peer name eth${index} address ${nic.mac} netns ${pid}`,
    `link set dev ${nic.hostLink} alias ${linkAlias(owner)} master ${nic.bridge} up`,
  ]);
  return `${lines.join("\n")}\n`;
}

/** Removes every link of this machine; their alias tells. */
export async function unplug(id: string): Promise<void> {
  const ours = await linksOf(id);
  if (ours.length === 0) return;
  const input = ours.map((link) => `link del dev ${link}\n`).join("");
  try {
    await run(["ip", "-force", "-batch", "-"], { input });
  } catch (error) {
    // the kernel removes a pair by itself when the other end's namespace ends, perhaps just now
    if ((await linksOf(id)).length > 0) throw error;
  }
}

async function linksOf(id: string): Promise<string[]> {
  const links = await readdir("/sys/class/net");
  const aliases = await Promise.all(
    links.map((link) => readFile(`/sys/class/net/${link}/ifalias`, "utf8").catch(() => "")),
  );
  const isOurs = (alias = "") => alias.startsWith("bothy:") && alias.trim().endsWith(`:${id}`);
  return links.filter((_, index) => isOurs(aliases[index]));
}

async function assertPluggable(nic: Nic): Promise<void> {
  if (!(await exists(nic.bridge))) {
    throw new BothyError(
      "NETWORK_CONFLICT",
      `the bridge '${nic.bridge}' of network '${nic.network}' is gone`,
      {
        hints: ["`bothy up` makes it again"],
      },
    );
  }
  if (await exists(nic.hostLink)) {
    throw new BothyError("NETWORK_CONFLICT", `the link '${nic.hostLink}' exists already`, {
      hints: [`ip -d link show ${nic.hostLink}`],
    });
  }
}

async function exists(link: string): Promise<boolean> {
  return (await statIfExists(`/sys/class/net/${link}`)) !== undefined;
}
