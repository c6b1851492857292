import { truncate } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { ensureProject, writeRecord } from "../../src/machines/index.ts";
import { cliProject, expectFailure } from "../support/cli-project.ts";
import { machineRecord } from "../support/record.ts";

const ONE = "machines: { web: { box: debian/12 } }\n";
const TWO = "machines: { db: { box: debian/12 }, web: { box: debian/12 } }\n";

const here = cliProject();
const { bothy, write } = here;

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
    await write(text);
    expectFailure(await bothy("validate"), "CONFIG_INVALID", message);
    expectFailure(await bothy("up"), "CONFIG_INVALID", message);
  });

  it("tells all of them at once", async () => {
    await write("machines:\n  web: { box: debian/12, memry: 1 }\n  db: { box: debian/12, cpus: [] }\n");
    const { stderr } = await bothy("validate");
    expect(stderr).toMatch(/bothy\.yaml:2:\d+: /);
    expect(stderr).toMatch(/bothy\.yaml:3:\d+: /);
  });

  it("lists them as data with --json", async () => {
    await write("machines: { web: { box: debian/12, memry: 1GiB } }\n");
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
      await write(TWO);
      expectFailure(await bothy(...argv, "mail"), "MACHINE_UNKNOWN", /"mail".*this project has: db, web/s);
    },
  );

  it.each([["ssh"], ["exec", "--", "true"]])("%s without a name where there are two", async (...argv) => {
    await write(TWO);
    expectFailure(await bothy(...argv), "MACHINE_AMBIGUOUS", /db, web/, 125);
  });

  it.each([
    ["ssh", ["ssh", "web"], 125],
    ["exec", ["exec", "web", "--", "true"], 125],
    ["cp", ["cp", "web:/etc/hostname", "."], 3],
    ["logs", ["logs", "web"], 3],
  ])("%s of one that was never created", async (_, argv, exit) => {
    await write(ONE);
    expectFailure(await bothy(...argv), "MACHINE_STATE", /does not exist yet.*try: bothy up web/s, exit);
  });

  it.each([["halt"], ["destroy"], ["destroy", "-f"]])(
    "%s of one that was never created is done",
    async (...argv) => {
      await write(ONE);
      expect(await bothy(...argv)).toMatchObject({ exitCode: 0, stdout: "" });
    },
  );

  it("an unknown box fails before anything is built or made", async () => {
    await write("machines: { web: { box: no/such } }\n");
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
    await write(TWO);
    const { version: _, ...own } = await ensureProject(here.home.layout, here.folder, "shop");
    const id = "abcdefabcdef";
    await writeRecord(here.home.layout, machineRecord({ id, project: own }));
    await truncate(here.home.layout.machine(id).state, 50);
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
    await write(ONE);
    const result = await bothy(...argv);
    expectFailure(result, "USAGE", message);
  });

  it.each([
    ["no command", ["exec", "web"]],
    ["an unknown flag of ours", ["exec", "--frob", "web", "--", "true"]],
    ["a missing value", ["ssh", "web", "-c"]],
  ])("125 for ssh and exec: %s", async (_, argv) => {
    await write(ONE);
    expectFailure(await bothy(...argv), "USAGE", /try: /, 125);
  });

  it("destroy without a terminal wants to be told twice", async () => {
    await write(ONE);
    const { version: _, ...own } = await ensureProject(here.home.layout, here.folder, "shop");
    await writeRecord(here.home.layout, machineRecord({ id: "aaaaaaaaaaaa", project: own, ranAt: [] }));
    expectFailure(await bothy("destroy"), "USAGE", /no terminal.*try: bothy destroy -f/s);
    expect(await bothy("destroy", "-f")).toMatchObject({ exitCode: 0 });
  });

  it("init never replaces a file unless told to", async () => {
    await write("precious");
    expectFailure(await bothy("init"), "FILE_EXISTS", /bothy\.yaml is there already.*--force/s);
    expect(await bothy("init", "--force")).toMatchObject({ exitCode: 0, stdout: "" });
    expect(await bothy("validate")).toMatchObject({ exitCode: 0 });
  });
});
