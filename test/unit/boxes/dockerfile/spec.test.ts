import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { buildBoxName, dockerfilePath } from "../../../../src/boxes/dockerfile/spec.ts";
import { normaliseBoxName } from "../../../../src/boxes/name.ts";
import { tempHome } from "../../../support/temp-home.ts";

describe("buildBoxName", () => {
  it("is one name for one build, however its folder is reached", async () => {
    await using home = await tempHome();
    const context = await home.sub("My App (v2)!");
    await symlink(context, join(home.folder, "link"));
    const name = buildBoxName({ context });
    expect(name).toMatch(/^build\/my-app-v2-[0-9a-f]{12}$/);
    expect(normaliseBoxName(name)).toBe(name);
    expect(buildBoxName({ context: join(home.folder, "link"), dockerfile: "Dockerfile", args: {} })).toBe(
      buildBoxName({ context: join(home.folder, "link") }),
    );
    const others = [{ target: "a" }, { args: { A: "1" } }, { args: { A: "2" } }, { dockerfile: "Other" }];
    const names = others.map((other) => buildBoxName({ context, ...other }));
    expect(new Set([name, ...names]).size).toBe(5);
  });

  it.each([
    ["/", /^build\/context-/],
    ["/nosuch/___", /^build\/context-/],
    [`/nosuch/${"x".repeat(200)}`, /^build\/x{40}-/],
  ])("is a legal name for %s", (context, pattern) => {
    const name = buildBoxName({ context });
    expect(name).toMatch(pattern);
    expect(normaliseBoxName(name)).toBe(name);
  });
});

describe("dockerfilePath", () => {
  it("is relative to the context", () => {
    expect(dockerfilePath({ context: "/a/b" })).toBe("/a/b/Dockerfile");
    expect(dockerfilePath({ context: "/a/b", dockerfile: "../Other" })).toBe("/a/Other");
    expect(dockerfilePath({ context: "/a/b", dockerfile: "/c" })).toBe("/c");
  });
});
