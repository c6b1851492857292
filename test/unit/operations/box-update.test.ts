import { describe, expect, it } from "vitest";
import { getBox } from "../../../src/boxes/index.ts";
import { writeRecord } from "../../../src/machines/index.ts";
import { addBox } from "../../../src/operations/box-add.ts";
import { updateBoxes } from "../../../src/operations/box-update.ts";
import { fakeLab } from "../../support/fake-lab.ts";
import { writeLayout } from "../../support/oci-layout.ts";
import { machineRecord } from "../../support/record.ts";

describe("box update", () => {
  it("gets what there is now under the same name, once; machines keep what they have", async () => {
    await using lab = await fakeLab();
    const folder = await lab.home.sub("layout");
    await writeLayout(folder, { layers: [[{ name: "a", content: "1" }]] });
    const before = await addBox(lab.ctx, `oci:${folder}:latest`, { name: "web" });
    const digest = before.digest ?? "";
    await writeRecord(
      lab.ctx.layout,
      machineRecord({ box: { ...machineRecord().box, name: "web", digest } }),
    );
    const same = { name: "web", action: "unchanged", from: digest, to: digest, machines: [], reason: null };
    expect(await updateBoxes(lab.ctx, ["web"], {})).toEqual({ boxes: [same] });
    await writeLayout(folder, { layers: [[{ name: "a", content: "2" }]] });
    const { boxes } = await updateBoxes(lab.ctx, ["web"], {});
    const { digest: to } = await getBox(lab.ctx.layout, "web");
    expect(to).not.toBe(digest);
    expect(boxes).toEqual([{ ...same, action: "updated", to, machines: ["shop/web"] }]);
    expect(await updateBoxes(lab.ctx, [], { all: true })).toMatchObject({
      boxes: [
        { name: "debian/12", action: "unchanged", reason: expect.any(String) },
        { action: "unchanged" },
      ],
    });
  });

  it("wants to know which boxes", async () => {
    await using lab = await fakeLab();
    await expect(updateBoxes(lab.ctx, [], {})).rejects.toMatchObject({ code: "USAGE" });
    await expect(updateBoxes(lab.ctx, ["debian/12"], { all: true })).rejects.toMatchObject({ code: "USAGE" });
    await expect(updateBoxes(lab.ctx, ["no/such"], {})).rejects.toMatchObject({ code: "BOX_UNKNOWN" });
  });
});
