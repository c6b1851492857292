import { expect, test } from "vitest";
import { listBoxes } from "../../../src/boxes/index.ts";
import { leaseLayers } from "../../../src/boxes/lease.ts";
import { removeBoxes } from "../../../src/operations/box-remove.ts";
import { type FakeLab, fakeLab } from "../../support/fake-lab.ts";
import { putBox } from "../boxes/support.ts";

async function names(lab: FakeLab) {
  return (await listBoxes(lab.ctx.layout)).map(({ name }) => name);
}

test("boxes go, each once, and what they held is counted", async () => {
  await using lab = await fakeLab();
  const { layers } = await putBox(lab.ctx.layout, "one", ["a", "b"]);
  await putBox(lab.ctx.layout, "docker.io/library/web/1", ["a"]);
  const freedBytes = layers.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const removed = await removeBoxes(lab.ctx, ["one", "web:1", "one", "docker.io/library/web:1"]);
  expect(removed).toEqual({ removed: ["one", "docker.io/library/web/1"], freedBytes });
  expect(await names(lab)).toEqual(["debian/12"]);
});

test("one that cannot go keeps itself only", async () => {
  await using lab = await fakeLab("machines: { web: {} }\n");
  await lab.add("web");
  await putBox(lab.ctx.layout, "one", ["a"]);
  await putBox(lab.ctx.layout, "two", ["b"]);
  await expect(removeBoxes(lab.ctx, ["one", "no/such", "two"])).rejects.toMatchObject({
    code: "BOX_UNKNOWN",
  });
  expect(lab.ctx.reporter.lines("info")).toEqual(["removed one, two"]);
  expect(await names(lab)).toEqual(["debian/12"]);
});

test("while an import runs a box goes and its layers stay, which is said", async () => {
  await using lab = await fakeLab();
  await putBox(lab.ctx.layout, "one", ["a"]);
  await using _ = await leaseLayers(lab.ctx.layout);
  expect(await removeBoxes(lab.ctx, ["one"])).toEqual({ removed: ["one"], freedBytes: 0 });
  expect(lab.ctx.reporter.lines("warn").join("\n")).toMatch(/still there: an import is running/);
});
