import { once } from "node:events";
import { open, rm } from "node:fs/promises";
import { BothyError } from "../../errors.ts";
import { CommandError, explainFullDisk, shellQuote, start } from "../../system/index.ts";
import { readHead } from "../disk/index.ts";
import { unpacker } from "./kind.ts";

/** They end when bothy is killed. */
const MORTAL = ["setpriv", "--pdeathsig", "KILL", "--"];
const WRITE = ["bs=1M", "iflag=fullblock", "conv=sparse", "status=none"];

/**
 * Writes what is packed in a file (gzip, xz, zstd, bzip2) to `target`; what is zero becomes a hole.
 * @throws BothyError `BOX_INVALID` for a damaged file, `DISK_FULL`, `INTERRUPTED`.
 */
export async function unpackDisk(
  path: string,
  title: string,
  target: string,
  signal?: AbortSignal,
): Promise<void> {
  await using input = await open(path);
  const abort = signal ? { signal } : {};
  const unpack = start([...MORTAL, ...(unpacker(await readHead(path, 512)) ?? [])], {
    stdio: [input.fd, "pipe", "ignore"],
    ...abort,
  });
  const argv = [...MORTAL, "dd", `of=${target}`, ...WRITE];
  const write = start(argv, { stdio: [unpack.stdout, "ignore", "pipe"], ...abort });
  unpack.stdout?.destroy(); // ours; the writer has its own
  const said: Buffer[] = [];
  write.stderr?.on("data", (chunk: Buffer) => said.push(chunk));
  const [unpacked, written] = await Promise.all([exitOf(unpack), exitOf(write)]);
  if (unpacked === 0 && written === 0) return;
  const stderr = Buffer.concat(said).toString("utf8");
  const result = {
    command: shellQuote(argv),
    exitCode: written,
    signal: undefined,
    stdout: "",
    stderr,
    durationMs: 0,
  };
  const full = await explainFullDisk(new CommandError(result, "failed"), target);
  await rm(target, { force: true });
  if (signal?.aborted) throw new BothyError("INTERRUPTED", `unpacking ${title} was interrupted`);
  if (!(full instanceof CommandError)) throw full;
  throw new BothyError("BOX_INVALID", `\`${title}\` cannot be unpacked: it is cut short or damaged`);
}

async function exitOf(child: ReturnType<typeof start>): Promise<number | undefined> {
  const [code] = await once(child, "close").catch(() => [undefined]); // an abort, or no such program
  return (code as number | null | undefined) ?? undefined;
}
