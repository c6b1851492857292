import { readdir } from "node:fs/promises";
import { expect, test } from "vitest";
import { buildBox } from "../../../src/boxes/index.ts";
import { recipeInputs } from "../../../src/boxes/recipe-inputs.ts";
import { tempHome } from "../../support/temp-home.ts";
import { stubMaker } from "./support.ts";

test("a box that was just built has the inputs of its recipe, until they change", async () => {
  await using home = await tempHome();
  const { box } = await buildBox(home.layout, "debian/12", { maker: stubMaker({ key: "a" }).maker });
  const now = (key: string) => recipeInputs(home.layout, "debian/12", { maker: stubMaker({ key }).maker });
  expect(box.source).toEqual({ recipe: "debian/12", inputs: await now("a") });
  expect(await now("b")).not.toBe(await now("a"));
  expect(await readdir(home.layout.temporary())).toEqual([]);
});

test("there are none where there is no recipe", async () => {
  await using home = await tempHome();
  expect(await recipeInputs(home.layout, "no/such")).toBeUndefined();
});
