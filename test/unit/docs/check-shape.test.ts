import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { asset } from "../../../src/system/index.ts";
import { folderWith } from "../config/support/folder.ts";

/** A small project that keeps all rules. */
const GOOD: Readonly<Record<string, string>> = {
  "src/errors.ts": "export const CODES = {};\n",
  "src/base-command.ts": 'import { table } from "./ui/index.ts";\nimport { up } from "./operations/up.ts";\n',
  "src/main.ts": 'import "./base-command.ts";\n',
  "src/passthrough-command.ts": "export const a = 1;\n",
  "src/commands/up.ts":
    'import { up } from "../operations/up.ts";\nimport type { Config } from "../config/index.ts";\n',
  "src/operations/up.ts":
    'import { load } from "../config/index.ts";\nimport type { Provider } from "../providers/provider.ts";\n',
  "src/config/index.ts": 'export { load } from "./load.ts";\n',
  "src/config/load.ts":
    'import { CODES } from "../errors.ts";\nimport { type Isolation } from "../providers/provider.ts";\n',
  "src/providers/provider.ts": "export type Isolation = string;\n",
  "src/providers/registry.ts":
    'const a = import("./oci/index.ts");\nconst b = import("./libvirt/index.ts");\n',
  "src/providers/oci/index.ts": 'import { run } from "../../system/index.ts";\n',
  "src/providers/libvirt/index.ts": 'import { open } from "../../libvirt/index.ts";\n',
  "src/libvirt/index.ts": 'export { open } from "./rpc/index.ts";\n',
  "src/libvirt/rpc/index.ts": "export const open = 1;\n",
  "src/system/index.ts": 'export { run } from "./process.ts";\n',
  "src/system/process.ts":
    'import { spawn } from "node:child_process";\nexport const run = spawn(process.env["SHELL"] ?? "");\n',
  "src/system/files.ts": "export const gone = rm(path, { recursive: true });\n",
  "src/ui/index.ts": 'import type { Reporter } from "../operations/up.ts";\nexport const table = 1;\n',
};

/** What the script says of the good project with these files added or changed; nothing when it passes. */
async function check(files: Readonly<Record<string, string>> = {}): Promise<string[]> {
  await using folder = await folderWith({ ...GOOD, ...files });
  const { status, stderr } = spawnSync(process.execPath, [asset("scripts", "check-shape.mjs"), folder.path], {
    encoding: "utf8",
  });
  const lines = stderr.trim().split("\n").filter(Boolean);
  const violations = lines.filter(
    (line) => !line.startsWith("note: ") && !line.includes("violations of the house"),
  );
  expect(status).toBe(violations.length > 0 ? 1 : 0);
  return violations;
}

it("passes what keeps the rules", async () => {
  expect(await check()).toEqual([]);
});

describe("import direction", () => {
  it.each([
    ["operations/a.ts", '"../commands/up.ts"', "imports commands/up.ts: operations may not import commands"],
    ["operations/a.ts", '"../ui/index.ts"', "imports ui/index.ts: operations may not import ui"],
    [
      "operations/a.ts",
      '"../libvirt/index.ts"',
      "imports libvirt/index.ts: operations may not import libvirt",
    ],
    [
      "commands/a.ts",
      '"../config/index.ts"',
      "imports config/index.ts: commands may import only types of part",
    ],
    [
      "config/a.ts",
      '"../providers/oci/index.ts"',
      "imports providers/oci/index.ts: parts do not know each other",
    ],
    ["config/a.ts", '"../operations/up.ts"', "imports operations/up.ts: part may not import operations"],
    [
      "providers/oci/a.ts",
      '"../libvirt/index.ts"',
      "imports providers/libvirt/index.ts: parts do not know each other",
    ],
    [
      "config/a.ts",
      '"../providers/provider.ts"',
      "imports providers/provider.ts: the contract holds types; write `import type`",
    ],
    ["system/a.ts", '"../config/index.ts"', "imports config/index.ts: system may not import part"],
    ["libvirt/a.ts", '"../errors.ts"', "imports errors.ts: libvirt may not import errors"],
    ["libvirt/a.ts", '"../system/index.ts"', "imports system/index.ts: libvirt may not import system"],
    ["ui/a.ts", '"../operations/up.ts"', "imports operations/up.ts: ui may import only types of operations"],
    ["config/a.ts", '"../system/process.ts"', "imports system/process.ts: enter through system/index.ts"],
    [
      "providers/libvirt/a.ts",
      '"../../libvirt/rpc/x.ts"',
      "imports libvirt/rpc/x.ts: enter through libvirt/rpc/index.ts",
    ],
  ])("%s may not import %s", async (file, target, violation) => {
    expect(await check({ [`src/${file}`]: `import { a } from ${target};\n` })).toEqual([
      `src/${file}: ${violation}`,
    ]);
  });

  it("holds for late imports too, which only may pass by a door", async () => {
    const late = (target: string) => ({ "src/config/a.ts": `export const a = await import("${target}");\n` });
    expect(await check(late("../operations/up.ts"))).toHaveLength(1);
    expect(await check(late("../system/process.ts"))).toEqual([]);
  });

  it("knows every folder", async () => {
    expect(await check({ "src/utils/a.ts": "export const a = 1;\n" })).toEqual([
      "src/utils/a.ts: no layer of ARCHITECTURE.md; add its folder to PARTS or DIRECTION",
    ]);
  });

  it("does not take a comment for an import", async () => {
    expect(await check({ "src/config/a.ts": '// import { a } from "../operations/up.ts";\n' })).toEqual([]);
  });
});

describe("confined powers", () => {
  it.each([
    ['import { spawn } from "node:child_process";\n', /runs processes/],
    ['export const home = process.env["HOME"];\n', /reads process\.env/],
    ['import { env } from "node:process";\n', /reads process\.env/],
    ["await rm(path, {\n  force: true,\n  recursive: true,\n});\n", /deletes trees/],
    ['import { z } from "zod";\n', /write `import \* as z`$/],
  ])("%j", async (code, violation) => {
    const found = await check({ "src/config/a.ts": code });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(violation);
  });

  it("leaves types and text alone", async () => {
    const code =
      'import type { ChildProcess } from "node:child_process";\n// process.env\nawait mkdir(a, { recursive: true });\n';
    expect(await check({ "src/config/a.ts": code })).toEqual([]);
  });
});

it("limits the length of files, and remarks on long ones", async () => {
  const lines = (count: number) => "export {};\n".repeat(count);
  expect(await check({ "src/config/a.ts": lines(250) })).toEqual([]);
  expect(await check({ "src/config/a.ts": lines(251) })).toEqual([
    "src/config/a.ts: 251 lines; 250 is the most",
  ]);
});

it.each([
  ["// biome-ignore lint/suspicious/noExplicitAny: the type of libvirt's reply\n", []],
  [
    "// biome-ignore lint/suspicious/noExplicitAny: <explanation>\n",
    ["src/config/a.ts:1: biome-ignore without a reason"],
  ],
  ["// biome-ignore lint/suspicious/noExplicitAny\n", ["src/config/a.ts:1: biome-ignore without a reason"]],
  ["// biome-ignore-all lint/style: x\n", ["src/config/a.ts:1: biome-ignore without a reason"]],
])("wants a reason for %j", async (code, violations) => {
  expect(await check({ "src/config/a.ts": code })).toEqual(violations);
});

describe("tests mirror the sources", () => {
  const source = "export function a(): number {\n  return 1;\n}\n";
  const missing = ["src/config/a.ts: no test/unit/config/a.test.ts (or a reason in UNTESTED)"];

  it.each([
    ["no test", {}, missing],
    ["a test of its own", { "test/unit/config/a.test.ts": "" }, []],
    ["a test of its folder", { "test/unit/config.test.ts": "" }, []],
    [
      "a test beside that place which imports it",
      { "test/unit/config/b.test.ts": 'import "../../../src/config/a.ts";' },
      [],
    ],
    ["a test elsewhere", { "test/unit/system/b.test.ts": 'import "../../../src/config/a.ts";' }, missing],
    ["a test of something else", { "test/unit/config/b.test.ts": "" }, missing],
  ])("%s", async (_, tests, violations) => {
    expect(await check({ "src/config/a.ts": source, ...tests })).toEqual(violations);
  });

  it("asks for none of types and constants", async () => {
    const code =
      "export interface A {\n  run(): Promise<void>;\n}\nexport type B = (a: A) => void;\nexport const C = { a: 1 };\n";
    expect(await check({ "src/config/a.ts": code })).toEqual([]);
  });

  it("finds tests of what is not there", async () => {
    expect(await check({ "test/unit/gone/a.test.ts": "" })).toEqual([
      "test/unit/gone/a.test.ts: there is no src/gone/a.ts and no src/gone/",
    ]);
  });
});
