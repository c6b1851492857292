import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeBox } from "../../../src/boxes/box.ts";
import { saveBox } from "../../../src/boxes/store.ts";
import { nameOfSource, requireFreeName } from "../../../src/operations/add-name.ts";
import type { AddSource } from "../../../src/operations/add-source.ts";
import type { Context } from "../../../src/operations/context.ts";
import { type TempHome, tempHome } from "../../support/temp-home.ts";

const layer = { digest: "a".repeat(64), sizeBytes: 1 };
let home: TempHome;
let ctx: Context;

beforeAll(async () => {
  home = await tempHome();
  ctx = { layout: home.layout, cwd: home.folder } as Context;
});
afterAll(() => home[Symbol.asyncDispose]());

describe("the name of a box", () => {
  it.each<[AddSource, string]>([
    [{ kind: "image", reference: "nginx:1.27" }, "docker.io/library/nginx/1.27"],
    [{ kind: "layout", text: "/srv/My Layout" }, "my-layout"],
    [{ kind: "layout", text: "../layouts/web:v1" }, "web/v1"],
    [{ kind: "archive", text: "/srv/images.tar.gz" }, "images"],
    [{ kind: "archive", text: "/srv/images.tar:me/web:1" }, "images/me/web/1"],
    [{ kind: "file", file: "https://example.com/a/Debian_12.box" }, "debian_12"],
    [{ kind: "file", file: "https://example.com/rootfs.tar.xz?x=1" }, "rootfs"],
  ])("%j", async (source, name) => expect(await nameOfSource(source, undefined)).toBe(name));

  it("is what the user wants, in its one spelling", async () => {
    expect(await nameOfSource({ kind: "image", reference: "nginx" }, "Shop/Web:1")).toBe("shop/web/1");
    await expect(nameOfSource({ kind: "image", reference: "nginx" }, "a b")).rejects.toMatchObject({
      code: "USAGE",
    });
  });

  it("is the catalog's own for catalogs, and a file's for others", async () => {
    const [catalog, disk] = [join(home.folder, "boxes.json"), join(home.folder, "debian-12.amd64.qcow2")];
    await writeFile(catalog, '\n{"name": "x"}');
    await writeFile(disk, "QFI\xfb");
    expect(await nameOfSource({ kind: "file", file: catalog }, undefined)).toBeUndefined();
    expect(await nameOfSource({ kind: "file", file: disk }, undefined)).toBe("debian-12.amd64");
    const url = "https://example.com/debian/boxes/bookworm64";
    expect(await nameOfSource({ kind: "file", file: url }, undefined)).toBeUndefined();
  });
});

describe("a name that is taken", () => {
  const image: AddSource = { kind: "image", reference: "nginx" };
  const put = (name: string, source: object) =>
    saveBox(
      home.layout,
      describeBox(name, { layers: [layer], environment: {}, labels: {} }, { source: source as never }),
    );
  const taken = expect.objectContaining({ code: "NAME_TAKEN" });

  it("by a recipe is refused, forced or not", async () => {
    await expect(requireFreeName(ctx, "debian/12", image)).rejects.toEqual(taken);
    await expect(requireFreeName(ctx, "debian/12", image, true)).rejects.toEqual(taken);
  });

  it("by a box from elsewhere is refused unless forced", async () => {
    await put("mine", { machine: "shop/web", base: layer.digest });
    await expect(requireFreeName(ctx, "mine", image)).rejects.toEqual(taken);
    await requireFreeName(ctx, "mine", image, true);
    await requireFreeName(ctx, "free", image);
  });

  it.each<[AddSource, object]>([
    [image, { image: "docker.io/library/nginx:latest", manifest: "sha256:1", platform: "linux/amd64" }],
    [
      { kind: "layout", text: "layout:a" },
      { archive: "oci:HERE/layout:a", manifest: "sha256:1" },
    ],
    [
      { kind: "archive", text: "/srv/a.tar" },
      { archive: "docker-archive:/srv/a.tar", manifest: "sha256:1" },
    ],
    [{ kind: "file", file: "a.box" }, { file: "HERE/a.box" }],
    [
      { kind: "file", file: "https://x/y.json" },
      { file: "https://x/y.box", catalog: "https://x/y.json" },
    ],
    [
      { kind: "context", folder: "/srv/web", dockerfile: "Dockerfile" },
      { context: "/srv/web", dockerfile: "Dockerfile", args: {}, inputs: layer.digest },
    ],
  ])("by a box from the same place is no obstacle: %j", async (source, origin) => {
    await put("same", JSON.parse(JSON.stringify(origin).replace("HERE", home.folder)));
    await requireFreeName(ctx, "same", source);
    await put("same", { machine: "shop/web", base: layer.digest });
    await expect(requireFreeName(ctx, "same", source)).rejects.toEqual(taken);
  });
});
