import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cliProject, expectFailure } from "../support/cli-project.ts";
import { writeLayout } from "../support/oci-layout.ts";
import { startRegistry } from "../support/registry.ts";
import { tinyRegistry } from "../support/tiny-registry.ts";

const here = cliProject();
const { bothy } = here;
const LAYERS = [[{ name: "a", content: "a" }], [{ name: "b", content: "b" }]];

describe("box add", () => {
  it("shows the box as `box inspect` does, and says nothing else on stdout", async () => {
    await writeLayout(join(here.folder, "layout"), { layers: LAYERS, config: { Cmd: ["serve"] } });
    const added = await bothy("box", "add", "./layout", "--name", "shop/web", "--json");
    expect(added.exitCode, added.stdout + added.stderr).toBe(0);
    const inspected = await bothy("box", "inspect", "shop/web", "--json");
    expect(JSON.parse(added.stdout)).toEqual(JSON.parse(inspected.stdout));
    expect(JSON.parse(added.stdout)).toMatchObject({ name: "shop/web", command: ["serve"] });
    expect(added.stderr).toBe("");
  });

  it("tells a person what it does: where lines stay, how it begins and how it ends", async () => {
    await using registry = await startRegistry();
    await writeLayout(join(here.folder, "layout"), { layers: [...LAYERS, [{ name: "c", content: "c" }]] });
    const reference = await registry.push(`oci:${here.folder}/layout:latest`, "web:1");
    const { stdout, stderr, exitCode } = await bothy("box", "add", reference);
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toBe("");
    expect(stderr.trim().split("\n")).toEqual([
      expect.stringMatching(/^pulling 127\.0\.0\.1:\d+\/web:1: \d layers, \d+ bytes to fetch$/),
      expect.stringMatching(/web:1: 3 layers, \d+ bytes fetched$/),
      expect.stringMatching(/^box: 127\.0\.0\.1:\d+\/web\/1$/),
    ]);
    expect((await bothy("box", "add", reference)).stderr).toMatch(/web:1 is there already\n/);
    expect((await bothy("box", "add", reference, "--quiet")).stderr).toBe("");
  });
});

describe("what servers and programs say", () => {
  it("does not act on the terminal", async () => {
    await using registry = await tinyRegistry();
    registry.image({ tag: "1", configType: "application/\u001b[31mred" });
    const { stderr, exitCode } = await bothy("box", "add", `${registry.host}/web:1`);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining("an artifact: application/red\n")]);
  });
});

describe("box add of what cannot be added", () => {
  it.each([
    [["./nothing"], "USAGE", /there is no file.*nothing/],
    [["missing.qcow2"], "USAGE", /there is no file.*missing\.qcow2/],
    [[""], "USAGE", /names nothing/],
    [["http://"], "USAGE", /like a URL/],
    [["Not A Name"], "USAGE", /Not A Name/],
    [["nginx", "--checksum", "sha256:00"], "USAGE", /--checksum sha256:00.*only for files/],
    [["127.0.0.1:1/web"], "REGISTRY_UNREACHABLE", /127\.0\.0\.1:1/],
    [["oci:none"], "USAGE", /there is no folder/],
    [["./text", "--name", "x"], "BOX_INVALID", /text/],
    [["docker-archive:text"], "ARCHIVE_REFUSED", /text/],
  ] as const)("%j", async (argv, code, message) => {
    await writeFile(join(here.folder, "text"), "only words\n".repeat(100));
    expectFailure(await bothy("box", "add", "--quiet", ...argv), code, message);
  });

  it("an image of a registry that has none of that name", async () => {
    await using registry = await startRegistry();
    const result = await bothy("box", "add", `${registry.host}/web:2`, "--json");
    expect(JSON.parse(result.stdout)).toMatchObject({ error: { code: "IMAGE_UNKNOWN" } });
    expect(result.exitCode).toBe(3);
  });
});
