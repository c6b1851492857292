import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { discover } from "../../../src/config/discover.ts";
import { folderWith } from "./support/folder.ts";

it("finds the file here, or in the nearest folder above", async () => {
  await using folder = await folderWith({ "bothy.yaml": "outer", "a/bothy.yml": "inner", "a/b/c/x": "" });
  expect(await discover(join(folder.path, "a/b/c"))).toEqual({
    path: join(folder.path, "a/bothy.yml"),
    folder: join(folder.path, "a"),
    text: "inner",
    shadowed: undefined,
  });
  expect(await discover(folder.path)).toMatchObject({ text: "outer" });
});

it("prefers bothy.yaml and names the other", async () => {
  await using folder = await folderWith({ "bothy.yaml": "1", "bothy.yml": "2" });
  expect(await discover(folder.path)).toMatchObject({ text: "1", shadowed: join(folder.path, "bothy.yml") });
});

it("passes over a folder of that name", async () => {
  await using folder = await folderWith({ "bothy.yaml": "outer" });
  await mkdir(join(folder.path, "a/bothy.yaml"), { recursive: true });
  expect(await discover(join(folder.path, "a"))).toMatchObject({ text: "outer" });
});

it("says what to do when there is none", async () => {
  await using folder = await folderWith({});
  await expect(discover(folder.path)).rejects.toMatchObject({
    code: "CONFIG_MISSING",
    exit: 2,
    message: `no bothy.yaml in "${folder.path}" or in a folder above it`,
    hints: ["`bothy init` writes one here", "`--cwd DIR` names the folder of a project"],
  });
});

it("refuses a folder that is not there", async () => {
  await expect(discover("/no/such/folder")).rejects.toMatchObject({
    code: "USAGE",
    message: 'no such folder: "/no/such/folder"',
  });
});
