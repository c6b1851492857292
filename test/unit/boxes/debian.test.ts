import { join } from "node:path";
import { expect, it } from "vitest";
import { makeDebianTree } from "../../../src/boxes/debian.ts";
import { parseRecipe } from "../../../src/boxes/recipe.ts";
import { CommandError } from "../../../src/system/index.ts";
import { tempHome } from "../../support/temp-home.ts";

const RECIPE = "description: x\nsuite: bookworm\nvariant: apt\nuser: bothy\npackages: []\n";

it("makeDebianTree passes on what the builder says of a mirror without packages, and reports phases", async () => {
  await using home = await tempHome();
  const lines: string[] = [];
  const attempt = makeDebianTree({
    recipe: parseRecipe(RECIPE, "x.yaml"),
    inputs: {
      key: "a".repeat(64),
      epoch: 1_700_000_000,
      sources: ["deb copy:/nonexistent bookworm main"],
    },
    tree: join(home.folder, "tree"),
    scratch: home.folder,
    report: (line) => lines.push(line),
  });
  const error = await attempt.catch((failure: unknown) => failure);
  expect(error).toBeInstanceOf(CommandError);
  expect(String(error)).toMatch(/nonexistent|apt-get/);
  expect(lines).toContain("running apt-get update");
});
