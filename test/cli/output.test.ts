import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ERROR_CODES, type ErrorCode } from "../../src/errors.ts";
import { run } from "../../src/system/index.ts";
import { cliProject } from "../support/cli-project.ts";
import { runCli } from "../support/run-cli.ts";

const ONE = "machines: { web: { box: debian/12 } }\n";

const here = cliProject();
const { bothy, write } = here;

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
    await write(ONE);
    const { stdout, stderr, exitCode } = await bothy(...argv, "--json");
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject(shape);
  });
});

describe("where it is run", () => {
  it("finds the project from a folder below it, and from anywhere with --cwd", async () => {
    await write(ONE);
    await mkdir(join(here.folder, "a/b"), { recursive: true });
    const below = await runCli(["status", "--json"], { cwd: join(here.folder, "a/b"), env: here.home.env });
    const away = await runCli(["status", "--json", "--cwd", here.folder], { cwd: "/", env: here.home.env });
    expect(JSON.parse(below.stdout).project.path).toBe(here.folder);
    expect(away.stdout).toBe(below.stdout);
  });

  it("says so when the folder was deleted meanwhile", async () => {
    const gone = await here.home.sub("gone");
    const script = 'cd "$1" && rmdir "$1" && shift && exec "$@"';
    const argv = [process.execPath, join(process.cwd(), "bin/run.js"), "status"];
    const { stderr, exitCode } = await run(["sh", "-c", script, "sh", gone, ...argv], {
      env: here.home.env,
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
      env: { ...here.home.env, HOME: "/nonexistent" },
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
    await write(ONE);
    const { stdout, stderr } = await bothy("ssh", "mail", "--debug");
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^error: no machine matches "mail"$/m);
    expect(stderr).toMatch(/^ {4}at /m);
  });
});
