import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { getBox, listBoxes } from "../../../src/boxes/index.ts";
import { addBox } from "../../../src/operations/box-add.ts";
import { outdatedBoxes } from "../../../src/operations/box-outdated.ts";
import { updateBoxes } from "../../../src/operations/box-update.ts";
import { verifyBoxes } from "../../../src/operations/box-verify.ts";
import { fakeLab } from "../../support/fake-lab.ts";

it("a Dockerfile's box is repaired from the cache of builds, and updated when its inputs change", async () => {
  await using lab = await fakeLab();
  const folder = await lab.home.sub("context");
  await writeFile(join(folder, "Dockerfile"), 'FROM scratch\nCOPY text /text\nCMD ["/text"]\n');
  await writeFile(join(folder, "text"), "one");
  const { digest, layers } = await addBox(lab.ctx, folder, { name: "web" });
  await rm(layers[0]?.path ?? "");
  expect(await verifyBoxes(lab.ctx, ["web"], { repair: true })).toMatchObject({
    boxes: [{ state: "repaired" }],
  });
  expect((await listBoxes(lab.ctx.layout)).map(({ name }) => name)).toEqual(["debian/12", "web"]);
  expect(await outdatedBoxes(lab.ctx, ["web"])).toMatchObject({ boxes: [{ state: "current" }] });
  await writeFile(join(folder, "text"), "two");
  expect(await outdatedBoxes(lab.ctx, ["web"])).toMatchObject({ boxes: [{ state: "outdated" }] });
  expect(await updateBoxes(lab.ctx, ["web"], {})).toMatchObject({
    boxes: [{ action: "updated", from: digest }],
  });
  expect((await getBox(lab.ctx.layout, "web")).digest).not.toBe(digest);
});
