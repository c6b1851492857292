import { plainLine } from "../../system/index.ts";
import { readTail } from "../tail.ts";

/** Where libvirt keeps what each QEMU said. */
const FOLDER = "/var/log/libvirt/qemu";
const PANIC = "Kernel panic - not syncing:";

/** Why a machine that we did not stop is not running any more, in words. */
export async function readEnd(domain: string, folder = FOLDER): Promise<string> {
  return describeEnd(await readTail(`${folder}/${domain}.log`));
}

/** The same, from the end of the log. */
export function describeEnd(log: string): string {
  const lines = log.trimEnd().split("\n");
  const reason = /shutting down, reason=(\w+)/.exec(lines.at(-1) ?? "")?.[1];
  if (reason === "shutdown") return "it turned itself off";
  if (reason === "destroyed") return "it was stopped by force, not by bothy";
  const words = lines
    .findLast((line) => /qemu-system-\w+: /.test(line))
    ?.replace(/^.*?qemu-system-\w+: /, "");
  if (reason === "crashed") return words ? `QEMU ended: ${words}` : "QEMU ended unexpectedly";
  return "it ended without libvirt: the host or the daemon went down";
}

/** What a Linux that panicked said of it on its console, or `undefined`. A domain ends with the panic. */
export function panicIn(console: string): string | undefined {
  const line = console.split("\n").findLast((text) => text.includes(PANIC));
  if (line === undefined) return undefined;
  return `its kernel panicked: ${plainLine(line.slice(line.indexOf(PANIC) + PANIC.length)).trim()}`;
}
