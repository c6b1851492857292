import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { describe, expect, it } from "vitest";
import { findBox, getBox, listBoxes } from "../../../src/boxes/index.ts";
import { tempHome } from "../../support/temp-home.ts";
import { putBox } from "./support.ts";

describe("the store of boxes", () => {
  it("is empty where there is nothing", async () => {
    await using home = await tempHome();
    expect(await listBoxes(home.layout)).toEqual([]);
    expect(await findBox(home.layout, "debian/12")).toBeUndefined();
  });

  it("finds what was put in, by every spelling of its name", async () => {
    await using home = await tempHome();
    const box = await putBox(home.layout, "team/web/3.1", ["a"]);
    expect(await findBox(home.layout, "Team/web:3.1")).toEqual(box);
    expect(await getBox(home.layout, "team/web/3.1")).toEqual(box);
    expect(await listBoxes(home.layout)).toEqual([{ name: "team/web/3.1", state: "ok", box }]);
  });

  it("keeps a box and the boxes below its name apart", async () => {
    await using home = await tempHome();
    await putBox(home.layout, "debian", ["a"]);
    await putBox(home.layout, "debian/12.json", ["b"]);
    expect((await listBoxes(home.layout)).map(({ name }) => name)).toEqual(["debian", "debian/12.json"]);
  });

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

  it("says how to get a box that has a recipe", async () => {
    await using home = await tempHome();
    await expect(getBox(home.layout, "debian:12")).rejects.toMatchObject({
      code: "BOX_UNKNOWN",
      message: expect.stringContaining("`debian/12` has not been built"),
      hints: ["bothy box build debian/12"],
    });
  });

  it("guesses what was meant, among recipes and boxes", async () => {
    await using home = await tempHome();
    await putBox(home.layout, "webserver", ["a"]);
    const hintsFor = async (name: string) =>
      getBox(home.layout, name).catch((error: { hints: string[] }) => error.hints.join("; "));
    expect(await hintsFor("debain/12")).toContain("did you mean `debian/12`?");
    expect(await hintsFor("websever")).toContain("did you mean `webserver`?");
    expect(await hintsFor("windows")).toBe("known are: debian/12, debian/12-slim, webserver");
  });

  it("writes metadata that a person can read, and no half of it", async () => {
    await using home = await tempHome();
    const path = home.layout.box("a/b");
    await mkdir(dirname(path), { recursive: true });
    const box = await putBox(home.layout, "a/b", ["a"]);
    const text = await readFile(path, "utf8");
    expect(text).toMatch(/^\{\n {2}"version": 1,\n {2}"name": "a\/b",/);
    expect(JSON.parse(text)).toEqual(box);
  });
});
