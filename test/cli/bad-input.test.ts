import { mkdir, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { BothyError, ERROR_CODES, type ErrorCode } from "../../src/errors.ts";
import { ensureProject, writeRecord } from "../../src/machines/index.ts";
import { run } from "../../src/system/index.ts";
import { machineRecord } from "../support/record.ts";
import { type CliResult, runCli } from "../support/run-cli.ts";
import { type TempHome, tempHome } from "../support/temp-home.ts";

const ONE = "machines: { web: { box: debian/12 } }\n";
const TWO = "machines: { db: { box: debian/12 }, web: { box: debian/12 } }\n";

let home: TempHome;
let folder: string;

beforeAll(async () => {
  home = await tempHome();
});

beforeEach(async () => {
  folder = await home.sub("shop");
  await rm(folder, { recursive: true });
  await mkdir(folder);
});

afterAll(() => home[Symbol.asyncDispose]());

const bothy = (...argv: string[]) => runCli(argv, { cwd: folder, env: home.env });
const project = (text: string) => writeFile(join(folder, "bothy.yaml"), text);

/** One message: what, what to do, where it is explained; nothing on stdout, nothing else on stderr. */
function expectFailure(result: CliResult, code: ErrorCode, message: string | RegExp, exit?: number): void {
  expect(result.stdout).toBe("");
  const { ref } = new BothyError(code, "");
  const lines = result.stderr.trimEnd().split("\n");
  expect(lines[0]).toMatch(/^error: /);
  expect(lines.at(-1)).toBe(`  see: ${ref}`);
  expect(lines.filter((line) => line.startsWith("error: "))).toHaveLength(1);
  expect(result.stderr).not.toMatch(/\n\s+at |unexpected: /);
  expect(result.stderr).toMatch(message);
  expect(result.exitCode).toBe(exit ?? ERROR_CODES[code][0]);
}

describe("no project file", () => {
  it.each([["status"], ["up"], ["halt"], ["destroy", "-f"], ["logs"], ["validate"], ["config"]])(
    "%s",
    async (...argv) => {
      expectFailure(await bothy(...argv), "CONFIG_MISSING", /try: .*bothy init/);
    },
  );

  it.each([["ssh"], ["exec", "--", "true"]])(
    "%s: 125, since the command inside did not say it",
    async (...argv) => {
      expectFailure(await bothy(...argv), "CONFIG_MISSING", "bothy.yaml", 125);
    },
  );
});

describe("a project file with problems", () => {
  it.each([
    [
      "an unknown key",
      "machines: { web: { box: debian/12, memry: 1GiB } }\n",
      /bothy\.yaml:1:\d+: .*memry.*memory/s,
    ],
    [
      "a wrong type",
      "machines: { web: { box: debian/12, cpus: many } }\n",
      /bothy\.yaml:1:\d+: machines\.web\.cpus/,
    ],
    ["no YAML", "machines: [", /bothy\.yaml:1:\d+: /],
    ["binary", "\u0000\u0001\u0002", /bothy\.yaml:1:1: /],
    ["empty", "", /bothy\.yaml:1:1: /],
    ["an illegal name", "machines: { Web_1: { box: debian/12 } }\n", /Web_1/],
    ["a name twice", "machines: { web: { box: debian/12 }, web: { box: debian/12 } }\n", /web/],
    ["no box", "machines: { web: {} }\n", /machines\.web\.box/],
  ])("%s", async (_, text, message) => {
    await project(text);
    expectFailure(await bothy("validate"), "CONFIG_INVALID", message);
    expectFailure(await bothy("up"), "CONFIG_INVALID", message);
  });

  it("tells all of them at once", async () => {
    await project("machines:\n  web: { box: debian/12, memry: 1 }\n  db: { box: debian/12, cpus: [] }\n");
    const { stderr } = await bothy("validate");
    expect(stderr).toMatch(/bothy\.yaml:2:\d+: /);
    expect(stderr).toMatch(/bothy\.yaml:3:\d+: /);
  });

  it("lists them as data with --json", async () => {
    await project("machines: { web: { box: debian/12, memry: 1GiB } }\n");
    const { stdout, exitCode } = await bothy("validate", "--json");
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout).error).toMatchObject({
      code: "CONFIG_INVALID",
      problems: [{ file: "bothy.yaml", line: 1, column: expect.any(Number) }],
    });
  });
});

describe("machines that are not there", () => {
  it.each([["status"], ["halt"], ["destroy", "-f"], ["logs"], ["up"]])(
    "%s of an unknown one",
    async (...argv) => {
      await project(TWO);
      expectFailure(await bothy(...argv, "mail"), "MACHINE_UNKNOWN", /"mail".*this project has: db, web/s);
    },
  );

  it.each([["ssh"], ["exec", "--", "true"]])("%s without a name where there are two", async (...argv) => {
    await project(TWO);
    expectFailure(await bothy(...argv), "MACHINE_AMBIGUOUS", /db, web/, 125);
  });

  it.each([
    ["ssh", ["ssh", "web"], 125],
    ["exec", ["exec", "web", "--", "true"], 125],
    ["cp", ["cp", "web:/etc/hostname", "."], 3],
    ["logs", ["logs", "web"], 3],
  ])("%s of one that was never created", async (_, argv, exit) => {
    await project(ONE);
    expectFailure(await bothy(...argv), "MACHINE_STATE", /does not exist yet.*try: bothy up web/s, exit);
  });

  it.each([["halt"], ["destroy"], ["destroy", "-f"]])(
    "%s of one that was never created is done",
    async (...argv) => {
      await project(ONE);
      expect(await bothy(...argv)).toMatchObject({ exitCode: 0, stdout: "" });
    },
  );

  it("an unknown box fails before anything is built or made", async () => {
    await project("machines: { web: { box: no/such } }\n");
    const startedAt = performance.now();
    expectFailure(await bothy("box", "build", "no/such"), "BOX_UNKNOWN", /no\/such.*debian\/12/s);
    expectFailure(await bothy("up"), "BOX_UNKNOWN", /no\/such.*debian\/12/s);
    expect(performance.now() - startedAt).toBeLessThan(5000);
    expect(JSON.parse((await bothy("status", "--json")).stdout).machines).toMatchObject([
      { state: "absent" },
    ]);
  });
});

describe("a damaged machine", () => {
  it("shows as broken beside the others, can be named by its id, and be destroyed", async () => {
    await project(TWO);
    const { version: _, ...own } = await ensureProject(home.layout, folder, "shop");
    const id = "abcdefabcdef";
    await writeRecord(home.layout, machineRecord({ id, project: own }));
    await truncate(home.layout.machine(id).state, 50);
    const { machines } = JSON.parse((await bothy("status", "--all", "--json")).stdout);
    expect(machines).toMatchObject([{ name: "db" }, { name: "web" }, { id, state: "broken" }]);
    expectFailure(await bothy("ssh", id), "MACHINE_BROKEN", /cut short/, 125);
    expect(await bothy("destroy", "-f", id)).toMatchObject({ exitCode: 0 });
    expect((await bothy("status", "--all", "--json")).stdout).not.toContain(id);
  });
});

describe("wrong arguments", () => {
  it.each([
    ["an unknown flag", ["status", "--frob"], /--frob/],
    ["a value that is none", ["up", "--isolation", "jail"], /jail.*vm, container/s],
    ["a number that is none", ["logs", "-n", "x"], /integer.*x/s],
    ["a missing value", ["status", "--cwd"], /--cwd/],
    ["a missing argument", ["cp", "web:/x"], /target/],
    ["a folder that is not there", ["status", "--cwd", "/no/such"], /"\/no\/such"/],
    ["no machine on either side of a copy", ["cp", "a", "b"], /one side/],
    ["an unknown template", ["init", "--template", "frob"], /"frob"/],
    ["a file in no folder", ["init", "--output", "no/such/x.yaml"], /no\/such/],
    ["an unknown command", ["frobnicate"], /frobnicate/],
    ["an unknown command of a topic", ["box", "frob"], /frob/],
  ])("%s", async (_, argv, message) => {
    await project(ONE);
    const result = await bothy(...argv);
    expectFailure(result, "USAGE", message);
  });

  it.each([
    ["no command", ["exec", "web"]],
    ["an unknown flag of ours", ["exec", "--frob", "web", "--", "true"]],
    ["a missing value", ["ssh", "web", "-c"]],
  ])("125 for ssh and exec: %s", async (_, argv) => {
    await project(ONE);
    expectFailure(await bothy(...argv), "USAGE", /try: /, 125);
  });

  it("destroy without a terminal wants to be told twice", async () => {
    await project(ONE);
    const { version: _, ...own } = await ensureProject(home.layout, folder, "shop");
    await writeRecord(home.layout, machineRecord({ id: "aaaaaaaaaaaa", project: own, ranAt: [] }));
    expectFailure(await bothy("destroy"), "USAGE", /no terminal.*try: bothy destroy -f/s);
    expect(await bothy("destroy", "-f")).toMatchObject({ exitCode: 0 });
  });

  it("init never replaces a file unless told to", async () => {
    await project("precious");
    expectFailure(await bothy("init"), "FILE_EXISTS", /bothy\.yaml is there already.*--force/s);
    expect(await bothy("init", "--force")).toMatchObject({ exitCode: 0, stdout: "" });
    expect(await bothy("validate")).toMatchObject({ exitCode: 0 });
  });
});

describe("--json", () => {
  it.each([
    [["status"], "CONFIG_MISSING"],
    [["box", "inspect", "no/such"], "BOX_UNKNOWN"],
    [["status", "--frob"], "USAGE"],
    [["frobnicate"], "USAGE"],
  ])("%j fails as one document on stdout and nothing else", async (argv, code) => {
    const { stdout, stderr, exitCode } = await bothy(...argv, "--json");
    expect(JSON.parse(stdout)).toEqual({
      error: {
        code,
        message: expect.any(String),
        hints: expect.any(Array),
        ref: expect.stringMatching(/^docs\/errors\.md#/),
      },
    });
    expect(stderr).toBe("");
    expect(exitCode).toBe(ERROR_CODES[code as ErrorCode][0]);
  });

  it.each([
    [["validate"], { path: expect.any(String), machines: ["web"], warnings: [] }],
    [["config"], { name: "shop", machines: [{ name: "web", memoryMiB: expect.any(Number) }] }],
    [
      ["status"],
      { project: { id: null, name: "shop" }, machines: [{ name: "web", id: null, state: "absent" }] },
    ],
    [["halt"], { machines: [] }],
    [["destroy", "-f"], { machines: [{ name: "web", id: null, action: "unchanged" }] }],
    [["logs"], { lines: [] }],
    [["box", "list"], { boxes: [{ name: "debian/12" }, { name: "debian/12-slim" }] }],
    [["gc", "--dry-run"], { found: expect.any(Array) }],
  ])("%j is one document on stdout", async (argv, shape) => {
    await project(ONE);
    const { stdout, stderr, exitCode } = await bothy(...argv, "--json");
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject(shape);
  });
});

describe("where it is run", () => {
  it("finds the project from a folder below it, and from anywhere with --cwd", async () => {
    await project(ONE);
    await mkdir(join(folder, "a/b"), { recursive: true });
    const below = await runCli(["status", "--json"], { cwd: join(folder, "a/b"), env: home.env });
    const away = await runCli(["status", "--json", "--cwd", folder], { cwd: "/", env: home.env });
    expect(JSON.parse(below.stdout).project.path).toBe(folder);
    expect(away.stdout).toBe(below.stdout);
  });

  it("says so when the folder was deleted meanwhile", async () => {
    const gone = await home.sub("gone");
    const script = 'cd "$1" && rmdir "$1" && shift && exec "$@"';
    const argv = [process.execPath, join(process.cwd(), "bin/run.js"), "status"];
    const { stderr, exitCode } = await run(["sh", "-c", script, "sh", gone, ...argv], {
      env: home.env,
      okCodes: [0, 1, 2],
    });
    expect(stderr).not.toContain("unexpected");
    expect(exitCode).toBe(2);
  });

  it("needs root", async () => {
    const argv = [process.execPath, join(process.cwd(), "bin/run.js"), "status"];
    const drop = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    const { stderr, exitCode } = await run([...drop, ...argv], {
      cwd: "/",
      env: { ...home.env, HOME: "/nonexistent" },
      okCodes: [0, 1, 2, 4],
    });
    expect(stderr).toMatch(/^error: .*root/);
    expect(exitCode).toBe(4);
  });
});

describe("what people see", () => {
  it("--quiet leaves only problems", async () => {
    expect(await bothy("init", "--quiet")).toMatchObject({ exitCode: 0, stdout: "", stderr: "" });
    expect(await bothy("validate", "-q")).toMatchObject({ exitCode: 0, stdout: "", stderr: "" });
  });

  it("--debug adds the stack and the programs that are run, on stderr", async () => {
    await project(ONE);
    const { stdout, stderr } = await bothy("ssh", "mail", "--debug");
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^error: no machine matches "mail"$/m);
    expect(stderr).toMatch(/^ {4}at /m);
  });
});
