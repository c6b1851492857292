import { mkdir, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { getBox, listBoxes } from "../../../src/boxes/index.ts";
import { tempHome } from "../../support/temp-home.ts";
import { putBox } from "./support.ts";

describe("listBoxes", () => {
  it.each([
    ["", /damaged/],
    ["{", /damaged/],
    ["null", /damaged/],
    ['{"version":1}', /name/],
    ['{"version":2}', /newer bothy/],
  ])("shows %j as broken and the others as they are", async (text, reason) => {
    await using home = await tempHome();
    await putBox(home.layout, "good", ["a"]);
    await writeFile(home.layout.box("bad"), text);
    const entries = await listBoxes(home.layout);
    expect(entries.map(({ name, state }) => [name, state])).toEqual([
      ["bad", "broken"],
      ["good", "ok"],
    ]);
    expect(entries[0]).toMatchObject({ reason: expect.stringMatching(reason) });
    await expect(getBox(home.layout, "bad")).rejects.toMatchObject({ code: "STATE_INVALID" });
  });

  it("lists what has an odd name, and passes over what is no box", async () => {
    await using home = await tempHome();
    const { layout } = home;
    for (const name of ["Odd Name", "..a", "good"]) await putBox(layout, name, ["a"]);
    await rename(layout.box("..a"), join(layout.boxes(), "-\u001b[31m ä.json"));
    await mkdir(join(layout.boxes(), "folder.json"));
    await symlink("nowhere", join(layout.boxes(), "link.json"));
    await writeFile(join(layout.boxes(), ".good.json.12345678.tmp"), "{");
    await writeFile(join(layout.boxes(), "README"), "");
    const entries = await listBoxes(layout);
    expect(entries.map(({ name, state }) => [name, state])).toEqual([
      ["-\u001b[31m ä", "ok"],
      ["Odd Name", "ok"],
      ["good", "ok"],
    ]);
  });

  it("calls a box by the name of its file, wherever that was copied from", async () => {
    await using home = await tempHome();
    await putBox(home.layout, "one", ["a"]);
    await rename(home.layout.box("one"), home.layout.box("two"));
    expect(await listBoxes(home.layout)).toMatchObject([{ name: "two", box: { name: "two" } }]);
  });
});
