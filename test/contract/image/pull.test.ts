import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addImage } from "../../../src/boxes/image/index.ts";
import { type Box, findBox } from "../../../src/boxes/index.ts";
import { readText } from "../../../src/boxes/layer/index.ts";
import { openImage } from "../../../src/boxes/registry/index.ts";
import { asset, layout as layoutOf, run } from "../../../src/system/index.ts";
import { type LayoutImage, type WrittenImage, writeLayout } from "../../support/oci-layout.ts";
import { startRegistry, type TestRegistry } from "../../support/registry.ts";
import { type SourceProcess, sourceProgram } from "../../support/source-process.ts";
import { type TempHome, tempHome } from "../../support/temp-home.ts";

let registry: TestRegistry;
let programs: string;
let start: (...argv: string[]) => SourceProcess;
let home: TempHome;

/** Pulls like the program does, and tells how much memory it took. */
const PULL = `
import { readFileSync } from "node:fs";
import { addImage } from "./src/boxes/image/index.ts";
import { openImage } from "./src/boxes/registry/index.ts";
import { layout } from "./src/system/index.ts";
const [home, reference, name] = process.argv.slice(2);
const store = layout(home);
let bytes = 0;
const onProgress = (progress) => {
  if (bytes === 0 && progress.bytes > 0) console.log("fetching");
  bytes = progress.bytes;
};
await using source = await openImage(store, reference);
const box = await addImage(store, source, name, { onProgress }).catch((error) => ({ digest: error.code }));
const peakKiB = Number(/VmHWM:\\s*(\\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]);
console.log(JSON.stringify({ digest: box.digest, bytes, peakKiB }));
`;

beforeAll(async () => {
  registry = await startRegistry();
  programs = await mkdtemp(asset("node_modules", ".pull-")); // packages are found from here
  start = await sourceProgram(programs, PULL);
});
beforeEach(async () => {
  home = await tempHome();
});
afterEach(() => home[Symbol.asyncDispose]());
afterAll(async () => {
  await rm(programs, { recursive: true });
  await registry[Symbol.asyncDispose]();
});

async function push(name: string, image: LayoutImage, how: string[] = []): Promise<WrittenImage> {
  const folder = await home.sub(name.replaceAll(/[/:]/g, "-"));
  const written = await writeLayout(folder, image);
  await registry.push(`oci:${folder}:latest`, name, how);
  return written;
}

async function pull(name: string, signal?: AbortSignal, onBytes?: (bytes: number) => void): Promise<Box> {
  const reference = `${registry.host}/${name}`;
  await using source = await openImage(home.layout, reference, signal ? { signal } : {});
  return await addImage(home.layout, source, name, { signal, onProgress: ({ bytes }) => onBytes?.(bytes) });
}

/** The blobs that were fetched since `from` requests, by digest; each as often as it was. */
async function fetched(from: number): Promise<string[]> {
  const lines = (await registry.requests()).slice(from);
  return lines.flatMap((line) => /^GET \/v2\/\S+\/blobs\/(sha256:\S+) 20[06]$/.exec(line)?.[1] ?? []);
}

/** A tar of one file, of what no packer makes smaller; made in place, as it is large. */
async function largeTar(folder: string, mebibytes: number): Promise<Buffer> {
  await run(["truncate", `--size=${mebibytes}M`, join(folder, "large")]);
  await run(["sh", "-c", 'cd "$1" && tar -cf - large | head -c 512 >header', "sh", folder]);
  const tar = Buffer.alloc(512 + (mebibytes << 20) + 1024);
  tar.fill(noise(1), 512, tar.length - 1024);
  tar.set(await readFile(join(folder, "header")));
  return tar;
}

const entry = (name: string, content: string | Buffer = `${name}\n`) => [{ name, content }];
const downloads = () => readdir(home.layout.downloads()).catch(() => []);
const noise = (mebibytes: number) => randomBytes(mebibytes << 20);

describe("an image in a registry", () => {
  it.each([
    ["gzip", "gzip", []],
    ["zstd", "tar", ["--dest-compress-format", "zstd"]],
    ["docker", "gzip", ["--format", "v2s2"]],
    ["plain", "tar", ["--preserve-digests"]],
  ] as const)("becomes a box: %s", async (kind, compression, how) => {
    const image = { layers: [entry("a"), entry("b")], config: { Cmd: ["serve"] }, compression };
    await push(`kinds/${kind}`, image, [...how]);
    const box = await pull(`kinds/${kind}`);
    expect(box).toMatchObject({
      command: ["serve"],
      source: { image: `${registry.host}/kinds/${kind}:latest`, platform: expect.stringContaining("linux/") },
    });
    await using source = await openImage(home.layout, `${registry.host}/kinds/${kind}`);
    expect(source.layers[0]?.mediaType).toMatch({ plain: /tar$/, docker: /docker/ }[kind as string] ?? kind);
    expect(await readText(home.layout, box.layers, "/a")).toBe("a\n");
    expect(await readText(home.layout, box.layers, "/b")).toBe("b\n");
    expect(await downloads()).toEqual([]);
  });

  it("costs only the layers that are new", async () => {
    const shared = ["1", "2", "3", "4"].map((name) => entry(name));
    await push("shared/one", { layers: [...shared, entry("5")] });
    const other = await push("shared/two", { layers: [...shared, entry("6")] });
    const first = await pull("shared/one");
    const before = (await registry.requests()).length;
    const second = await pull("shared/two");
    expect(second.layers.slice(0, 4)).toEqual(first.layers.slice(0, 4));
    expect((await fetched(before)).filter((digest) => digest !== other.config)).toEqual([
      other.layers[4]?.digest,
    ]);
  });
});

it("an interrupted download goes on where it stopped", async () => {
  const big = noise(24);
  const image = await push("resumed", { layers: [entry("big", big)], compression: "tar" }, [
    "--preserve-digests",
  ]);
  const stop = new AbortController();
  const pulled = pull("resumed", stop.signal, (bytes) => bytes > 4 << 20 && stop.abort());
  await expect(pulled).rejects.toMatchObject({ code: "INTERRUPTED" });
  expect(await findBox(home.layout, "resumed")).toBeUndefined();
  let came = 0;
  await pull("resumed", undefined, (bytes) => (came = bytes));
  expect(came).toBeLessThanOrEqual(big.length + (1 << 20));
  const blob = image.layers[0]?.digest ?? "";
  expect((await registry.requests()).filter((line) => line.includes(`${blob} 206`))).toHaveLength(1);
  expect(await downloads()).toEqual([]);
});

it("two processes that pull the same image fetch it once", async () => {
  const image = await push("both", { layers: [entry("a", noise(8)), entry("b")] });
  const before = (await registry.requests()).length;
  await using one = start(home.layout.home, `${registry.host}/both`, "both");
  await using other = start(home.layout.home, `${registry.host}/both`, "both");
  const last = async (process: SourceProcess) => {
    for (;;) {
      const line = await process.line();
      if (line.startsWith("{")) return JSON.parse(line) as { digest: string };
    }
  };
  const boxes = await Promise.all([last(one), last(other)]);
  await Promise.all([one.exited(), other.exited()]);
  expect(boxes[0]?.digest).toBe(boxes[1]?.digest);
  expect((await findBox(home.layout, "both"))?.digest).toBe(boxes[0]?.digest);
  const layers = (await fetched(before)).filter((digest) => digest !== image.config);
  expect(layers.toSorted()).toEqual(image.layers.map(({ digest }) => digest).toSorted());
});

it("two processes that pull images with layers in common do not get in each other's way", async () => {
  const shared = [entry("a", noise(4)), entry("b", noise(4))];
  await push("near/one", { layers: [...shared, entry("c")] });
  await push("near/two", { layers: [...shared.toReversed(), entry("d")] });
  await using one = start(home.layout.home, `${registry.host}/near/one`, "one");
  await using other = start(home.layout.home, `${registry.host}/near/two`, "two");
  await Promise.all([one.exited(), other.exited()]);
  for (const name of ["one", "two"]) expect((await findBox(home.layout, name))?.layers).toHaveLength(3);
  expect(await downloads()).toEqual([]);
});

it("a killed pull leaves what it fetched, and the next one takes it", async () => {
  await push("killed", { layers: [entry("a", noise(32))], compression: "tar" }, ["--preserve-digests"]);
  await using first = start(home.layout.home, `${registry.host}/killed`, "killed");
  expect(await first.line()).toBe("fetching");
  first.kill("SIGKILL");
  await first.exited();
  expect(await findBox(home.layout, "killed")).toBeUndefined();
  const box = await pull("killed");
  expect(box.layers).toHaveLength(1);
  expect(await downloads()).toEqual([]);
});

it("a layer of half a gigabyte takes less than 200 MB of memory", async () => {
  const folder = await home.sub("large");
  await writeLayout(folder, { layers: [await largeTar(folder, 500)], compression: "tar" });
  await registry.push(`oci:${folder}:latest`, "large", ["--preserve-digests"]);
  await using pulling = start(home.layout.home, `${registry.host}/large`, "large");
  expect(await pulling.line()).toBe("fetching");
  const { peakKiB } = JSON.parse(await pulling.line());
  expect((await findBox(home.layout, "large"))?.layers[0]?.sizeBytes).toBeGreaterThan(400 << 20);
  expect(peakKiB).toBeLessThan(200_000);
});

describe("a store without room", () => {
  /** A store of its own on a file system of this size. */
  async function small(mebibytes: number, use: (home: string) => Promise<void>): Promise<void> {
    const folder = await home.sub("small");
    await run(["mount", "-t", "tmpfs", "-o", `size=${mebibytes}m`, "tmpfs", folder]);
    try {
      await use(folder);
    } finally {
      await run(["umount", folder]);
    }
  }

  it("says so before anything is fetched", async () => {
    await push("full/early", { layers: [entry("a", noise(12))] });
    await small(24, async (folder) => {
      const store = layoutOf(folder);
      await using source = await openImage(store, `${registry.host}/full/early`);
      const before = (await registry.requests()).length;
      await expect(addImage(store, source, "full")).rejects.toMatchObject({ code: "DISK_FULL" });
      expect(await fetched(before)).toEqual([]);
    });
  });

  it("keeps what it fetched, and is used again when there is room", async () => {
    const text = Buffer.from(`${randomBytes(64).toString("hex")}\n`.repeat(400_000));
    await push("full/late", { layers: [entry("small"), entry("a", text)] });
    await small(40, async (folder) => {
      const store = layoutOf(folder);
      await using source = await openImage(store, `${registry.host}/full/late`);
      await expect(addImage(store, source, "full")).rejects.toMatchObject({ code: "DISK_FULL" });
      expect(await findBox(store, "full")).toBeUndefined();
      expect(await readdir(store.temporary())).toEqual([]);
      await run(["mount", "-o", "remount,size=200m", folder]);
      const before = (await registry.requests()).length;
      expect((await addImage(store, source, "full")).layers).toHaveLength(2);
      expect(await fetched(before)).toEqual([]);
    });
  });
});
