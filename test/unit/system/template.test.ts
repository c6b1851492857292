import { readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { asset, renderTemplate } from "../../../src/system/index.ts";

describe("renderTemplate", () => {
  it("finds every template that ships, and refuses a view that lacks what it asks for", async () => {
    const files = await readdir(asset("templates"), { recursive: true });
    const names = files.filter((file) => file.endsWith(".hbs")).map((file) => file.replace(/\.hbs$/, ""));
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) {
      await expect(renderTemplate(name, {}, { escape: "none" }), name).rejects.toThrow(/not defined/);
    }
  });

  it("says which template is missing", async () => {
    const path = relative(asset(), join(asset("templates"), "no/such.hbs"));
    await expect(renderTemplate("no/such", {}, { escape: "none" })).rejects.toThrow(path);
  });
});
