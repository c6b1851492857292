import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { describe, expect, it } from "vitest";
import { findBox, getBox, isKnownBox, listBoxes } from "../../../src/boxes/index.ts";
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

  it("finds the box of an image by every way to write it, after the box of exactly that name", async () => {
    await using home = await tempHome();
    const { layout } = home;
    const nginx = await putBox(layout, "docker.io/library/nginx/1.27", ["a"]);
    const latest = await putBox(layout, "docker.io/library/nginx/latest", ["b"]);
    const app = await putBox(layout, "localhost:5000/app/V1", ["c"]);
    for (const name of ["nginx:1.27", "docker.io/nginx:1.27", "docker.io/library/nginx/1.27"]) {
      expect(await findBox(layout, name)).toEqual(nginx);
      expect(await isKnownBox(layout, name)).toBe(true);
    }
    expect(await findBox(layout, "nginx")).toEqual(latest);
    expect(await findBox(layout, "localhost:5000/app:V1")).toEqual(app);
    expect(await findBox(layout, "localhost:5000/app:v1")).toBeUndefined();
    const own = await putBox(layout, "nginx/1.27", ["d"]);
    expect(await findBox(layout, "nginx:1.27")).toEqual(own);
    await expect(findBox(layout, "no name")).rejects.toMatchObject({ code: "USAGE" });
    expect(await isKnownBox(layout, "no name")).toBe(false);
  });

  it("never takes a recipe's name for an image's", async () => {
    await using home = await tempHome();
    await putBox(home.layout, "docker.io/library/debian/12", ["a"]);
    expect(await findBox(home.layout, "debian:12")).toBeUndefined();
    expect(await isKnownBox(home.layout, "debian:12")).toBe(true);
  });

  it("finds a box of a name that no box may have", async () => {
    await using home = await tempHome();
    const odd = await putBox(home.layout, "Odd Name", ["a"]);
    expect(await getBox(home.layout, "Odd Name")).toEqual(odd);
  });

  it("keeps a box and the boxes below its name apart", async () => {
    await using home = await tempHome();
    await putBox(home.layout, "debian", ["a"]);
    await putBox(home.layout, "debian/12.json", ["b"]);
    expect((await listBoxes(home.layout)).map(({ name }) => name)).toEqual(["debian", "debian/12.json"]);
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
    expect(await hintsFor("Windows")).toBe("known are: debian/12, debian/12-slim, webserver");
    expect(await hintsFor("windows")).toContain("bothy box add windows");
    for (let number = 0; number < 12; number++) await putBox(home.layout, `one/${number}`, ["a"]);
    expect(await hintsFor("Windows")).toBe("`bothy box list` shows all that are known");
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
