import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { volumeName } from "../../../../src/machines/seed.ts";
import { findProcess } from "../../../../src/providers/oci/host/index.ts";
import { machineFolder } from "../../../../src/providers/oci/machine/folder.ts";
import { inspectMachines } from "../../../../src/providers/oci/machine/inspect.ts";
import { linkCommands } from "../../../../src/providers/oci/machine/network.ts";
import { type MachineRecord, readRecord, writeRecord } from "../../../../src/providers/oci/machine/record.ts";
import { lastWords, startFailure } from "../../../../src/providers/oci/machine/start-failure.ts";
import { parseVolumes } from "../../../../src/providers/oci/spec/index.ts";
import type { RunSpec } from "../../../../src/providers/provider.ts";
import { bootId, type Layout, layout } from "../../../../src/system/index.ts";

test("the links of a machine in one batch, named inside by their position", () => {
  const nic = {
    network: "lan",
    bridge: "br1",
    hostLink: "bo1",
    mac: "52:54:00:00:00:01",
    address: "10.0.0.2/24",
  };
  expect(
    linkCommands(
      { storeTag: "t1", project: { id: "p1" }, id: "m1" },
      [nic, { ...nic, bridge: "br2", hostLink: "bo2" }],
      4711,
    ),
  ).toBe(
    `link add dev bo1 type veth peer name eth0 address 52:54:00:00:00:01 netns 4711
link set dev bo1 alias bothy:t1:p1:m1 master br1 up
link add dev bo2 type veth peer name eth1 address 52:54:00:00:00:01 netns 4711
link set dev bo2 alias bothy:t1:p1:m1 master br2 up
`,
  );
});

describe("the seed's volumes", () => {
  test("are a name and a path a line; a path may have blanks", () => {
    expect(parseVolumes("docker /var/lib/docker\nodd /srv/a b\n")).toEqual([
      { name: "docker", path: "/var/lib/docker" },
      { name: "odd", path: "/srv/a b" },
    ]);
    expect(parseVolumes("")).toEqual([]);
  });

  test.each(["/var/lib/postgresql", "/srv/100%", "/.cache", "/srv/[a]*?'!(b)~", "/srv/é"])(
    "the name that a seed gives to %s is one",
    (path) => {
      const name = volumeName(path);
      expect(parseVolumes(`${name} ${path}\n`)).toEqual([{ name, path }]);
    },
  );

  test.each(["%fresh /srv", "* /srv", ". /srv", "../x /srv", "a/b /srv", ".. /srv", "name srv", "name"])(
    "'%s' is refused",
    (line) => {
      expect(() => parseVolumes(line)).toThrow(/volume that is none/);
    },
  );
});

describe("a start that failed", () => {
  const spec = { name: "web", dataDisk: "/d.img" } as RunSpec;

  test.each([
    ["STEP check\n/d.img: UNEXPECTED INCONSISTENCY\n", "DISK_DAMAGED", "UNEXPECTED INCONSISTENCY"],
    ["STEP check\nfine\nSTEP disk\nbad superblock\n", "DISK_DAMAGED", "cannot be mounted: bad superblock"],
    ["STEP check\nSTEP disk\nSTEP folders\n'upper' is a link\n", "DISK_DAMAGED", "'upper' is a link"],
    ["STEP root\nwrong fs type\n", "KERNEL_FEATURE", "wrong fs type"],
    ["unshare: unshare failed: Operation not permitted\n", "KERNEL_FEATURE", "no mount namespace"],
  ])("%j is %s", (said, code, words) => {
    const error = startFailure(spec, { said });
    expect(error.code).toBe(code);
    expect(error.message).toContain("machine 'web'");
    expect(error.message).toContain(words);
  });

  test("in the runtime's own words when it had come that far", () => {
    const error = startFailure(spec, { said: "STEP runtime\n", monitor: "no such file: /.bothy/init" });
    expect(error.code).toBe("START_FAILED");
    expect(error.message).toContain("no such file: /.bothy/init");
  });
});

test("the last words of a console are plain text", () => {
  const stamp = "2026-11-22T17:00:00.000000000+00:00 stdout F ";
  const log = ["gone", "1", "2", "\u001b[31m3\u001b[0m\r", "", "4\u0007", "5"]
    .map((line) => stamp + line)
    .join("\n");
  expect(lastWords(`${log}\n`)).toBe("1\n2\n3\n4\n5");
  expect(lastWords("")).toBe("");
});

describe("what is said of a machine, by its record", () => {
  let store: Layout;
  let record: MachineRecord;

  beforeEach(async () => {
    store = layout(await mkdtemp(join(tmpdir(), "bothy-inspect-")));
    const alive = (await findProcess(process.pid)) ?? { pid: 0, startedAt: 0 };
    const common = { format: 1 as const, id: "m1", name: "web", project: "p1", layers: [], disk: "/d.img" };
    record = { ...common, boot: await bootId(), starter: alive, init: alive };
  });

  afterEach(async () => {
    await rm(store.home, { recursive: true });
    await rm(store.run, { recursive: true, force: true });
  });

  const dead = { pid: process.pid, startedAt: 1 };
  const place = () => machineFolder(store, "m1");
  const seen = async () => (await inspectMachines(store)).get("m1");

  async function write(changes: Partial<MachineRecord>): Promise<void> {
    await mkdir(place().exitFolder, { recursive: true });
    const { init, ...rest } = { ...record, ...changes };
    await writeRecord(place(), "init" in changes && !init ? rest : { ...rest, ...(init ? { init } : {}) });
  }

  test("nothing when there is none, or one of before the host's last boot", async () => {
    expect(await seen()).toBeUndefined();
    await write({ boot: "another" });
    expect(await seen()).toBeUndefined();
    expect(await readRecord(place())).toBeUndefined();
  });

  test("running while its first process does; a lost monitor is told", async () => {
    await write({});
    expect(await seen()).toMatchObject({
      state: "running",
      name: "web",
      project: "p1",
      uptimeS: expect.any(Number),
    });
    expect((await seen())?.reason).toMatch(/monitor is gone/);
    await writeFile(place().monitorPid, String(process.pid));
    expect((await seen())?.reason).toBeUndefined();
  });

  test.each([
    ["0", "it ended with exit status 0"],
    ["137", "it was ended by signal 9"],
  ])("stopped, with what conmon wrote: %s", async (status, reason) => {
    await write({ init: dead });
    await writeFile(place().exitStatus, status);
    expect(await seen()).toMatchObject({ state: "stopped", reason });
    await writeFile(place().outOfMemory, "");
    expect((await seen())?.reason).toMatch(/memory limit/);
  });

  test("starting while somebody does so, broken when that one is gone", async () => {
    await write({ init: undefined });
    expect(await seen()).toMatchObject({ state: "starting" });
    await write({ init: undefined, starter: dead });
    expect(await seen()).toMatchObject({ state: "broken", reason: expect.stringContaining("cut off") });
  });

  test("broken when its record is damaged, and the others are told all the same", async () => {
    await write({});
    await mkdir(machineFolder(store, "m2").folder, { recursive: true });
    await writeFile(machineFolder(store, "m2").record, '{"format": 1');
    const all = await inspectMachines(store);
    expect([all.get("m1")?.state, all.get("m2")?.state]).toEqual(["running", "broken"]);
  });

  test("a failure to ask is an error and never an empty answer", async () => {
    await mkdir(store.run, { recursive: true });
    await writeFile(join(store.run, "machines"), "");
    await expect(inspectMachines(store)).rejects.toThrow(/unknown/);
  });
});
