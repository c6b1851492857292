import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { volumeName } from "../../../src/machines/seed.ts";
import { type Harness, makeHarness } from "./harness.ts";
import { packImage } from "./images.ts";

/** What only containers do; what every provider does is in test/contract/provider.contract.ts. */
let harness: Harness;

beforeAll(() => {
  harness = makeHarness();
});

afterEach(async () => {
  for (const id of (await harness.provider.inspect()).keys()) await stop(id);
  expect(harness.leftovers()).toEqual([]);
});

afterAll(() => harness.close());

const stop = (id: string, deadlineMs = 0) => harness.provider.stop(id, { deadlineMs });
const state = async (id: string) => (await harness.provider.inspect()).get(id);
const NO_MANAGEMENT = { address: "", port: 0, privateKey: "", hostKey: "" };

test("the console log goes on over a restart", async () => {
  const spec = harness.spec("a1");
  for (const _ of [1, 2]) {
    await harness.provider.start(spec);
    await expect.poll(() => harness.exec("a1", "ip -o -4 address show eth0")).toMatchObject({ code: 0 });
    await stop("a1", 5000);
  }
  expect(readFileSync(spec.consoleLog, "utf8").match(/ stdout F guest is up/g)).toHaveLength(2);
});

test("two machines share the layers, and the last one takes them along", async () => {
  await Promise.all(["m1", "m2"].map((id) => harness.provider.start(harness.spec(id))));
  expect(readdirSync(harness.layout.layerMounts())).toHaveLength(2);
  await stop("m1");
  expect((await harness.exec("m2", "cat /srv/data/from-image")).stdout.toString()).toBe("image\n");
  expect(harness.leftovers().filter((line) => line.includes("m1"))).toEqual([]);
});

test("one that ends by itself is stopped, with its exit status, until it is cleaned", async () => {
  const spec = harness.spec("c1");
  await harness.provider.start(spec);
  await harness.exec("c1", "echo >/etc/die-early");
  await stop("c1", 5000);
  await harness.provider.start(spec);
  const reason = "it ended with exit status 7";
  await expect.poll(() => state("c1")).toMatchObject({ state: "stopped", reason });
  await expect(harness.provider.connect("c1", NO_MANAGEMENT)).rejects.toMatchObject({
    code: "MACHINE_STATE",
  });
});

test("a signal reaches the command and what it started", async () => {
  await harness.provider.start(harness.spec("d1"));
  await using connection = await harness.provider.connect("d1", NO_MANAGEMENT);
  const command = await connection.exec({ argv: ["/bin/sh", "-c", "sleep 100; echo survived"] });
  await command.kill("TERM");
  expect(await command.exitCode).toBe(143);
});

test("a command that is under way when the machine stops ends with it", async () => {
  await harness.provider.start(harness.spec("d2"));
  const command = harness.exec("d2", "sleep 100");
  await new Promise((resolve) => setTimeout(resolve, 200));
  await stop("d2");
  expect((await command).code).toBe(137);
});

test("it sees its limits and has none of the host's powers", async () => {
  await harness.provider.start(harness.spec("e1", { memoryMiB: 200, cpus: 0.5, pids: 55 }));
  const refused = [
    "echo 0 >/proc/sys/vm/swappiness",
    "echo >/sys/fs/cgroup/memory/memory.limit_in_bytes",
    "mount -t tmpfs none /tmp",
    "unshare -m true",
    "mknod /root/disk b 7 0 && cat /root/disk",
  ];
  for (const command of refused) {
    const { code, stderr } = await harness.exec("e1", command);
    expect(code, command).not.toBe(0);
    expect(stderr.toString(), command).toMatch(/Read-only file system|not permitted|denied/);
  }
  const limits = ["memory/memory.limit_in_bytes", "pids/pids.max", "cpu/cpu.cfs_quota_us"];
  const files = limits.map((name) => `/sys/fs/cgroup/${name}`).join(" ");
  const told = await harness.exec("e1", `cat ${files}; grep -E '^(Seccomp|CapEff):' /proc/self/status`);
  const bounding = BigInt(`0x${/CapBnd:\s*(\w+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]}`);
  const capabilities = (0xa80435fbn & bounding).toString(16).padStart(16, "0");
  expect(told.stdout.toString().split("\n").slice(0, -1)).toEqual([
    String(200 * 1024 * 1024),
    "55",
    "50000",
    `CapEff:\t${capabilities}`,
    "Seccomp:\t2",
  ]);
});

test("its volumes are filled with what the image has at first use, and kept ever after", async () => {
  const spec = harness.spec("f1");
  execFileSync("sh", ["-c", `echo 'vol /srv/data' >"$1/volumes"`, "sh", spec.seed]);
  await harness.provider.start(spec);
  const first = await harness.exec(
    "f1",
    "cat /srv/data/from-image; stat -c %a /srv/data; echo new >/srv/data/more",
  );
  expect(first.stdout.toString()).toBe("image\n750\n");
  expect((await harness.exec("f1", "grep -c ' /srv/data ' /proc/mounts")).stdout.toString()).toBe("1\n");
  await stop("f1", 5000);
  await harness.provider.start(spec);
  expect((await harness.exec("f1", "cat /srv/data/*")).stdout.toString()).toBe("image\nnew\n");
});

test("a volume keeps the name that its path gives it", async () => {
  const spec = harness.spec("f2");
  const path = "/var/lib/postgresql";
  execFileSync("sh", ["-c", 'echo "$2 $3" >"$1/volumes"', "sh", spec.seed, volumeName(path), path]);
  await harness.provider.start(spec);
  expect((await harness.exec("f2", `echo kept >${path}/note`)).code).toBe(0);
  await stop("f2", 5000);
  await harness.provider.start(spec);
  expect((await harness.exec("f2", `cat ${path}/note`)).stdout.toString()).toBe("kept\n");
});

test("a machine does not hold on to the layers of others", async () => {
  const [base, other] = [harness.spec("g1"), harness.spec("g2")];
  const own = packImage(harness.layout, (folder) => writeFileSync(join(folder, "own"), "of g1 alone\n"));
  await harness.provider.start({ ...base, layers: [...base.layers, own] });
  await harness.provider.start(other);
  expect((await harness.exec("g1", "cat /own")).stdout.toString()).toBe("of g1 alone\n");
  await stop("g1");
  expect(harness.leftovers().filter((line) => line.includes(own.digest))).toEqual([]);
  expect((await harness.exec("g2", "cat /srv/data/from-image")).code).toBe(0);
});
