import { expect, it, vi } from "vitest";
import { readVariables } from "../../../src/config/variables.ts";
import { folderWith } from "./support/folder.ts";

const show = (path: string) => path.split("/").at(-1) ?? path;

it("asks the environment first, then .env", async () => {
  await using folder = await folderWith({ ".env": "A=file\nB=file\nC=$A\n" });
  const { lookup } = await readVariables(folder.path, show, { A: "env", EMPTY: "" });
  expect(["A", "B", "C", "EMPTY", "D", "toString"].map(lookup)).toEqual([
    "env",
    "file",
    "env",
    "",
    undefined,
    undefined,
  ]);
});

it("takes an empty variable of the environment before a full one of .env, as Compose does", async () => {
  await using folder = await folderWith({ ".env": "A=file\n" });
  expect((await readVariables(folder.path, show, { A: "" })).lookup("A")).toBe("");
});

it("needs no .env, and takes the process's environment by itself", async () => {
  vi.stubEnv("BOTHY_TEST_VARIABLE", "here");
  await using folder = await folderWith({});
  expect((await readVariables(folder.path, show)).lookup("BOTHY_TEST_VARIABLE")).toBe("here");
});

it("reports problems of .env with its name", async () => {
  await using folder = await folderWith({ ".env": "A=1\nB C\nD=$NO\n" });
  const { problems, warnings } = await readVariables(folder.path, show, {});
  expect(problems).toEqual([
    { file: ".env", line: 2, column: 1, path: "", message: 'expected "=" after "B"' },
  ]);
  expect(warnings).toEqual([
    {
      file: ".env",
      line: 3,
      column: 1,
      path: "",
      message: 'the variable "NO" is not set and counts as empty',
    },
  ]);
});
