import { describe, expect, it } from "vitest";
import { listRecipes } from "../../../src/boxes/index.ts";
import { sourcesOf } from "../../../src/boxes/inputs.ts";
import { findRecipe, parseRecipe } from "../../../src/boxes/recipe.ts";

const smallest = "description: x\nsuite: bookworm\nvariant: apt\nuser: bothy\npackages: []\n";

describe("the shipped recipes", () => {
  it("are these", async () => expect(await listRecipes()).toEqual(["debian/12", "debian/12-slim"]));

  it("are all valid, and name each package once and in order of their groups", async () => {
    for (const name of await listRecipes()) {
      const recipe = await findRecipe(name);
      expect(recipe?.user).toBe("bothy");
      expect(new Set(recipe?.packages).size).toBe(recipe?.packages.length);
    }
  });

  it("differ in what they start", async () => {
    expect((await findRecipe("debian/12"))?.init).toBe("/sbin/init");
    expect((await findRecipe("debian/12-slim"))?.init).toBeUndefined();
  });
});

describe("findRecipe", () => {
  it.each(["debian/13", "kernel/recipe", "debian/../debian/12"])("knows no %s", async (name) => {
    expect(await findRecipe(name)).toBeUndefined();
  });
});

describe("parseRecipe", () => {
  it("fills in what is left out", () => {
    expect(parseRecipe(smallest, "x.yaml")).toMatchObject({ components: ["main"], files: {}, customize: "" });
  });

  it("takes a plain text for a file of mode 0644", () => {
    const recipe = parseRecipe(`${smallest}files: { /etc/a: hello }\n`, "x.yaml");
    expect(recipe.files).toEqual({ "/etc/a": { content: "hello", mode: "0644" } });
  });

  it("names every problem", () => {
    const wrong = () => parseRecipe(`${smallest}sutie: x\ninit: sbin/init\n`, "x.yaml");
    expect(wrong).toThrow(expect.objectContaining({ code: "BOX_BUILD_FAILED" }));
    expect(wrong).toThrow(/x\.yaml.*sutie.*init/s);
  });
});

describe("sourcesOf", () => {
  it("names the release, its updates and its security updates", () => {
    const mirror = { archive: "http://a/debian", security: "http://s/debian-security" };
    expect(sourcesOf({ suite: "bookworm", components: ["main"] }, mirror)).toEqual([
      "deb http://a/debian bookworm main",
      "deb http://a/debian bookworm-updates main",
      "deb http://s/debian-security bookworm-security main",
    ]);
  });
});
