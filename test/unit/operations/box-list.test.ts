import { writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { describeBox } from "../../../src/boxes/box.ts";
import { saveBox } from "../../../src/boxes/store.ts";
import { boxSummaries, kindOf } from "../../../src/operations/box-list.ts";
import { type FakeLab, fakeLab } from "../../support/fake-lab.ts";
import { content, putBox } from "../boxes/support.ts";

const DISK = {
  digest: "d".repeat(64),
  sizeBytes: 7,
  virtualBytes: 9,
  firmware: "bios",
  reason: "LVM",
} as const;

async function listed(lab: FakeLab, name: string) {
  return (await boxSummaries(lab.ctx)).find((each) => each.name === name);
}

describe("box list", () => {
  it("tells what is shared from what is a box's own", async () => {
    await using lab = await fakeLab();
    const one = await putBox(lab.ctx.layout, "one", ["shared", "one"]);
    await putBox(lab.ctx.layout, "two", ["shared"]);
    const [shared = 0, own = 0] = one.layers.map(({ sizeBytes }) => sizeBytes);
    expect(await listed(lab, "one")).toMatchObject({
      ...{ state: "ok", sizeBytes: shared + own, sharedBytes: shared, ownBytes: own, sizeMiB: 0 },
      ...{ vmOnly: false, machines: [], createdAt: one.createdAt, digest: one.digest },
    });
    expect(await listed(lab, "two")).toMatchObject({ sizeBytes: shared, sharedBytes: shared, ownBytes: 0 });
  });

  it("counts a layer that a box has twice once", async () => {
    await using lab = await fakeLab();
    const { layers } = await putBox(lab.ctx.layout, "one", ["a"]);
    await saveBox(lab.ctx.layout, describeBox("one", content([...layers, ...layers])));
    expect(await listed(lab, "one")).toMatchObject({ sizeBytes: layers[0]?.sizeBytes, sharedBytes: 0 });
  });

  it("marks what only boots as a VM, and names the machines", async () => {
    await using lab = await fakeLab("machines: { web: {} }\n");
    await saveBox(lab.ctx.layout, describeBox("windows", { ...content([]), disk: DISK }));
    await lab.add("web");
    expect(await listed(lab, "windows")).toMatchObject({ vmOnly: true, sizeBytes: 7, ownBytes: 7 });
    expect(await listed(lab, "debian/12")).toMatchObject({ vmOnly: false });
  });

  it("lists what is broken and what was not built beside the others", async () => {
    await using lab = await fakeLab();
    await writeFile(lab.ctx.layout.box("bad"), "{");
    expect(await boxSummaries(lab.ctx)).toMatchObject([
      { name: "bad", state: "broken", kind: null, reason: expect.stringContaining("damaged") },
      { name: "debian/12", state: "ok" },
      { name: "debian/12-slim", state: "recipe", kind: "recipe", sizeBytes: null },
    ]);
  });

  it.each([
    [undefined, null],
    [{ recipe: "debian/12", inputs: "a" }, "recipe"],
    [{ image: "docker.io/library/nginx:1", manifest: "sha256:a", platform: "linux/amd64" }, "image"],
    [{ archive: "oci:/srv/layout", manifest: "sha256:a" }, "image"],
    [{ context: "/srv", dockerfile: "/srv/Dockerfile", args: {}, inputs: "a" }, "dockerfile"],
    [{ file: "/srv/a.box" }, "file"],
    [{ machine: "shop/web", base: "debian/12" }, "machine"],
  ] as const)("%j is of the kind %s", (source, kind) => expect(kindOf({ source })).toBe(kind));
});
