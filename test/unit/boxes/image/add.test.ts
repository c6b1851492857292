import { mkdtemp, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { addImage, findAdded, openLayout } from "../../../../src/boxes/image/index.ts";
import { areLayersLeased } from "../../../../src/boxes/lease.ts";
import type { Descriptor } from "../../../../src/boxes/oci/schema.ts";
import type { BlobOptions, ImageSource } from "../../../../src/boxes/oci/source.ts";
import { findBox } from "../../../../src/boxes/store.ts";
import { BothyError } from "../../../../src/errors.ts";
import { type LayerEntry, type LayoutImage, writeLayout } from "../../../support/oci-layout.ts";
import { type TempHome, tempHome } from "../../../support/temp-home.ts";

let home: TempHome;

beforeEach(async () => {
  home = await tempHome();
});
afterEach(() => home[Symbol.asyncDispose]());

const file = (name: string): LayerEntry[] => [{ name, content: `this is ${name}\n` }];

/** An image of its own layout, opened, which remembers what it was asked for; `blob` may stand in for its own. */
async function image(
  what: LayoutImage,
  blob?: (descriptor: Descriptor, options: BlobOptions, get: () => Promise<string>) => Promise<string>,
) {
  const folder = await mkdtemp(join(home.folder, "layout-"));
  await writeLayout(folder, what);
  const source = await openLayout(home.layout, folder);
  const asked: string[] = [];
  const forgotten: string[] = [];
  const watched: ImageSource = {
    ...source,
    blob: (descriptor, options = {}) => {
      asked.push(descriptor.digest);
      const get = () => source.blob(descriptor, options);
      return blob ? blob(descriptor, options, get) : get();
    },
    forget: async ({ digest }) => void forgotten.push(digest),
  };
  return { source: watched, asked, forgotten };
}

const layerFiles = async () =>
  (await readdir(home.layout.layers()).catch(() => [])).filter((name) => name.endsWith(".erofs"));

describe("an image becomes a box", () => {
  it("with its layers in order, its configuration, and where it came from", async () => {
    const layers = [file("a"), file("b"), file("c")];
    const { source, forgotten } = await image({ layers, config: { Cmd: ["serve"], Env: ["A=1"] } });
    const box = await addImage(home.layout, source, "team/web");
    expect(box).toMatchObject({
      name: "team/web",
      command: ["serve"],
      environment: { A: "1" },
      source: { archive: source.reference, manifest: source.manifest },
    });
    expect(box.layers.map(({ diffId }) => `sha256:${diffId}`)).toEqual(source.config.rootfs.diff_ids);
    for (const { digest, sizeBytes } of box.layers) {
      expect((await stat(home.layout.layer(digest))).size).toBe(sizeBytes);
    }
    expect(await findBox(home.layout, "team/web")).toEqual(box);
    expect(forgotten.toSorted()).toEqual(source.layers.map(({ digest }) => digest).toSorted());
    expect(await areLayersLeased(home.layout)).toBe(false);
  });

  it("once: adding it again fetches nothing and changes nothing", async () => {
    const what = { layers: [file("a")] };
    const first = await image(what);
    const box = await addImage(home.layout, first.source, "web");
    const lines: string[] = [];
    const again = await addImage(home.layout, first.source, "web", { report: (line) => lines.push(line) });
    expect(again).toEqual(box);
    expect(lines).toEqual(["is there already"]);
    expect(first.asked).toHaveLength(1);
    expect(await findAdded(home.layout, first.source, "web")).toEqual(box);
    expect(
      await findAdded(home.layout, { ...first.source, manifest: "sha256:other" }, "web"),
    ).toBeUndefined();
    await addImage(home.layout, first.source, "web", { force: true });
    expect(first.asked).toHaveLength(1); // forced, but the layer is there all the same
  });

  it("without fetching the layers that another image brought", async () => {
    const shared = [file("1"), file("2"), file("3"), file("4")];
    const one = await image({ layers: [...shared, file("5")] });
    const other = await image({ layers: [...shared, file("6")], compression: "tar" });
    const first = await addImage(home.layout, one.source, "one");
    const steps: number[][] = [];
    const second = await addImage(home.layout, other.source, "other", {
      onProgress: ({ done, layers, bytes, totalBytes }) => steps.push([done, layers, bytes, totalBytes]),
    });
    const [size] = other.source.layers.slice(4).map((layer) => layer.size);
    expect(other.asked).toEqual([other.source.layers[4]?.digest]);
    expect(second.layers.slice(0, 4)).toEqual(first.layers.slice(0, 4));
    expect(steps.at(-1)).toEqual([5, 5, size, size]);
    expect(await layerFiles()).toHaveLength(6);
  });

  it("whose layers may be the same one twice, or empty", async () => {
    const { source } = await image({ layers: [file("a"), [], file("a"), []] });
    const box = await addImage(home.layout, source, "web");
    expect(box.layers.map(({ diffId }) => `sha256:${diffId}`)).toEqual(source.config.rootfs.diff_ids);
    expect(box.layers[2]?.diffId).toBe(box.layers[0]?.diffId);
  });

  it("fetching three blobs at once and no more", async () => {
    const busy = { now: 0, most: 0 };
    const layers = Array.from({ length: 9 }, (_, index) => file(`file${index}`));
    const { source } = await image({ layers }, async (_descriptor, _options, get) => {
      busy.most = Math.max(busy.most, ++busy.now);
      await setTimeout(5);
      busy.now--;
      return get();
    });
    await addImage(home.layout, source, "web");
    expect(busy.most).toBe(3);
  });

  it("also when blobs come in any order and layers need those below them", async () => {
    const layers = Array.from({ length: 6 }, (_, index) => [{ name: `deep/in/file${index}`, content: "x" }]);
    const delays = [60, 40, 20, 0, 10, 0];
    const { source } = await image({ layers }, async (descriptor, _options, get) => {
      const index = source.layers.findIndex(({ digest }) => digest === descriptor.digest);
      await setTimeout(delays[index]);
      return get();
    });
    const box = await addImage(home.layout, source, "web");
    expect(box.layers.map(({ diffId }) => `sha256:${diffId}`)).toEqual(source.config.rootfs.diff_ids);
  });

  it("by one of two that add it at the same time", async () => {
    const what = { layers: [file("a"), file("b")] };
    const [one, other] = [await image(what), await image(what)];
    const boxes = await Promise.all([one, other].map(({ source }) => addImage(home.layout, source, "web")));
    expect(boxes[0]).toEqual(boxes[1]);
    expect(one.asked.length + other.asked.length).toBe(2);
  });
});

describe("an image that cannot become one", () => {
  it("has no layers, or too many", async () => {
    const none = await image({ layers: [] });
    const failure = { code: "IMAGE_INVALID", message: /no layers/ };
    await expect(addImage(home.layout, none.source, "web")).rejects.toMatchObject(failure);
    const many = Array.from({ length: 128 }, (_, index) => file(`${index}`));
    const { source, asked } = await image({ layers: many });
    await expect(addImage(home.layout, source, "web")).rejects.toMatchObject({
      code: "IMAGE_INVALID",
      message: /128 layers and 127/,
    });
    expect(asked).toEqual([]);
  });

  it("fails with the first failure; the others are ended, what is converted stays, no box is made", async () => {
    const refused = new BothyError("REGISTRY_FAILED", "no");
    let ended = 0;
    const { source } = await image(
      { layers: [file("good"), file("bad"), file("slow")] },
      async (descriptor, { signal }, get) => {
        const index = source.layers.findIndex(({ digest }) => digest === descriptor.digest);
        if (index === 0) return get();
        if (index === 1) {
          await setTimeout(400);
          throw refused;
        }
        await setTimeout(30_000, undefined, signal ? { signal } : {}).catch(() => {});
        ended++;
        throw new BothyError("INTERRUPTED", "ended");
      },
    );
    await expect(addImage(home.layout, source, "web")).rejects.toBe(refused);
    expect(ended).toBe(1);
    expect(await findBox(home.layout, "web")).toBeUndefined();
    expect(await layerFiles()).toHaveLength(1);
    expect(await areLayersLeased(home.layout)).toBe(false);
    expect(await readdir(home.layout.temporary())).toEqual([]);
  });

  it("is given up at an interruption", async () => {
    const stop = new AbortController();
    const { source } = await image({ layers: [file("a"), file("b")] }, async (_descriptor, _options, get) => {
      stop.abort();
      return get();
    });
    await expect(addImage(home.layout, source, "web", { signal: stop.signal })).rejects.toMatchObject({
      code: "INTERRUPTED",
    });
    expect(await findBox(home.layout, "web")).toBeUndefined();
  });

  it("is larger than the room there is: said before anything is fetched", async () => {
    const { source, asked } = await image({ layers: [file("a")] });
    const layers = source.layers.map((layer) => ({ ...layer, size: 2 ** 50 }));
    await expect(addImage(home.layout, { ...source, layers }, "web")).rejects.toMatchObject({
      code: "DISK_FULL",
    });
    expect(asked).toEqual([]);
  });

  it("has a layer that is another tar than its configuration says", async () => {
    const { source } = await image({ layers: [file("a")] });
    const rootfs = { ...source.config.rootfs, diff_ids: [`sha256:${"0".repeat(64)}`] };
    const forged = { ...source, config: { ...source.config, rootfs } };
    await expect(addImage(home.layout, forged, "web")).rejects.toMatchObject({ code: "CHECKSUM_MISMATCH" });
    expect(await layerFiles()).toEqual([]);
  });
});
