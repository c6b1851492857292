import { open } from "node:fs/promises";

/** Where libvirt keeps what each QEMU said. */
const FOLDER = "/var/log/libvirt/qemu";
const TAIL_BYTES = 4096;

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

async function readTail(path: string): Promise<string> {
  const file = await open(path, "r").catch(() => undefined);
  if (!file) return "";
  try {
    const { size } = await file.stat();
    const start = Math.max(0, size - TAIL_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(TAIL_BYTES), 0, TAIL_BYTES, start);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}
