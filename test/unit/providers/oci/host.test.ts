import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  cgroupMembers,
  findProcess,
  findProgram,
  isAlive,
  parseCgroupLayout,
  parseOpenFiles,
  processesWith,
  removeCgroups,
  secondsSince,
  sendSignal,
} from "../../../../src/providers/oci/host/index.ts";

const LEGACY = `
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
39 31 0:36 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd
`;
const UNIFIED = "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";
const V2 =
  "35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot";

test("the three ways to mount cgroups are told apart", () => {
  expect(parseCgroupLayout(LEGACY)).toEqual({
    kind: "v1",
    hierarchies: ["/sys/fs/cgroup/memory", "/sys/fs/cgroup/pids", "/sys/fs/cgroup/systemd"],
    named: "/sys/fs/cgroup/systemd",
  });
  const hybrid = parseCgroupLayout(LEGACY + UNIFIED);
  expect(hybrid?.kind).toBe("hybrid");
  expect(hybrid?.hierarchies).toContain("/sys/fs/cgroup/unified");
  expect(hybrid?.unified).toBe("/sys/fs/cgroup/unified");
  expect(parseCgroupLayout(V2)).toEqual({ kind: "v2", hierarchies: ["/sys/fs/cgroup"], delegated: true });
  expect(parseCgroupLayout(V2.replace("nsdelegate,", ""))?.delegated).toBe(false);
  expect(parseCgroupLayout("22 27 0:21 / /proc rw - proc proc rw")).toBeUndefined();
});

test("the hard limit of open files", () => {
  const line = (hard: string) =>
    `Max open files            1024                 ${hard}              files     \n`;
  expect(parseOpenFiles(line("20000"))).toBe(20_000);
  expect(parseOpenFiles(line("unlimited"))).toBeGreaterThan(1e9);
});

test("the members of a cgroup are also those below it, and empty ones are removed with those below", async () => {
  const top = await mkdtemp(join(tmpdir(), "bothy-cgroup-"));
  try {
    await mkdir(join(top, "a/b"), { recursive: true });
    expect(await removeCgroups([join(top, "a"), join(top, "none")])).toBe(true);
    await mkdir(join(top, "a/b"), { recursive: true });
    await writeFile(join(top, "a/cgroup.procs"), "1\n22\n");
    await writeFile(join(top, "a/b/cgroup.procs"), "22\n333\n");
    expect([...(await cgroupMembers([join(top, "a"), join(top, "none")]))]).toEqual([1, 22, 333]);
    expect(await removeCgroups([join(top, "a")])).toBe(false);
  } finally {
    await rm(top, { recursive: true });
  }
});

describe("a process", () => {
  test("is told from a later one with the same number", async () => {
    const self = await findProcess(process.pid);
    expect(await isAlive(self)).toBe(true);
    expect(await isAlive({ pid: process.pid, startedAt: 1 })).toBe(false);
    expect(await isAlive(undefined)).toBe(false);
    expect(self && (await secondsSince(self))).toBeLessThan(3600);
  });

  test("is gone when only its exit status is left", async () => {
    const parent = spawn("sh", ["-c", "sleep 0 & echo $!; exec sleep 10"]);
    const [pid] = await once(parent.stdout, "data");
    await expect.poll(() => findProcess(Number(pid))).toBeUndefined();
    sendSignal(parent.pid ?? 0, "SIGKILL");
    await once(parent, "exit");
    sendSignal(parent.pid ?? 0, "SIGKILL");
  });

  test("is found by the environment that it was started with", async () => {
    const value = `machine-${process.pid}`;
    const child = spawn("sleep", ["10"], { env: { ...process.env, BOTHY_TEST: value } });
    expect(await processesWith(`BOTHY_TEST=${value}`)).toEqual([child.pid]);
    expect(await processesWith(`BOTHY_TEST=${value.slice(0, -1)}`)).toEqual([]);
    child.kill();
  });
});

test("a program is found where programs are, also where a user's path does not lead", async () => {
  expect(await findProgram("sh")).toMatch(/\/sh$/);
  expect(await findProgram("no-such-program-here")).toBeUndefined();
});
