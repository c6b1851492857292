import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { BothyError } from "../../errors.ts";
import { run, start } from "../../system/index.ts";
import { type ArchiveEntry, archive } from "../artefact-initramfs.ts";
import { selectModules } from "../artefact-modules.ts";
import { readArchive } from "./cpio.ts";
import { NEEDED_MODULES, type OwnKernel } from "./find-kernel.ts";
import { moduleName, moduleNames } from "./kernel-names.ts";

const LIST = "etc/modules";
const PACKED = /\.(xz|zst|gz)$/;
const UNPACK: Readonly<Record<string, readonly string[]>> = {
  xz: ["xz", "--decompress", "--stdout"],
  zst: ["zstd", "--decompress", "--stdout"],
  gz: ["gzip", "--decompress", "--stdout"],
};

/**
 * Our initramfs with a box's modules in the place of ours: what it needs and, of what our own kernel loads, all that
 * the box's kernel has as well.
 * @throws BothyError `BOX_BUILD_FAILED` when a module cannot be read.
 */
export async function ownInitramfs(kernel: OwnKernel, ours: Buffer, signal?: AbortSignal): Promise<Buffer> {
  const entries = readArchive(ours).filter(({ path }) => !path.startsWith("lib/modules"));
  const wanted = await modulesToLoad(kernel, entries);
  const modules = await selectModules(kernel.modules, kernel.version, wanted);
  const plain = await Promise.all(modules.map((entry) => unpack(entry, signal)));
  return archive([
    ...entries.filter(({ path }) => path !== LIST),
    ...plain,
    { path: LIST, mode: 0o644, content: Buffer.from(`${wanted.join(" ")}\n`) },
  ]);
}

async function modulesToLoad({ modules }: OwnKernel, entries: readonly ArchiveEntry[]): Promise<string[]> {
  const list = entries.find(({ path }) => path === LIST)?.content ?? new Uint8Array();
  const ours = Buffer.from(list).toString("utf8").trim().split(/\s+/);
  const files = ["modules.dep", "modules.builtin"].map((name) => readFile(join(modules, name), "utf8"));
  const known = moduleNames((await Promise.all(files)).join("\n"));
  const all = [...ours, ...NEEDED_MODULES.filter((name) => !ours.map(moduleName).includes(name))];
  return all.filter((name) => known.has(moduleName(name)));
}

/** busybox's modprobe does not unpack what newer distributions pack their modules with. */
async function unpack(entry: ArchiveEntry, signal?: AbortSignal): Promise<ArchiveEntry> {
  if (entry.path.endsWith("/modules.dep")) {
    const text = Buffer.from(entry.content ?? []).toString("utf8");
    return { ...entry, content: Buffer.from(text.replaceAll(/\.ko\.(?:xz|zst|gz)(?=[:\s]|$)/gm, ".ko")) };
  }
  const kind = PACKED.exec(entry.path)?.[1];
  if (!kind || !entry.content) return entry;
  const content = await filter(UNPACK[kind] ?? [], entry.content, entry.path, signal);
  return { ...entry, path: entry.path.replace(PACKED, ""), content };
}

/** `run` collects text; this is bytes. */
async function filter(
  argv: readonly string[],
  input: Uint8Array,
  title: string,
  signal?: AbortSignal,
): Promise<Buffer> {
  await run([argv[0] ?? "", "--version"], { signal }); // a missing tool says so
  const child = start(argv, { stdio: ["pipe", "pipe", "ignore"], ...(signal ? { signal } : {}) });
  child.on("error", () => {}); // an abort; the caller's next step tells
  child.stdin?.on("error", () => {});
  child.stdin?.end(input);
  const chunks: Buffer[] = [];
  for await (const chunk of child.stdout ?? []) chunks.push(chunk as Buffer);
  if (chunks.length > 0) return Buffer.concat(chunks);
  throw new BothyError("BOX_BUILD_FAILED", `the module ${title} cannot be unpacked`);
}
