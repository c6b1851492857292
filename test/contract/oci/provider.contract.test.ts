import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Harness, makeHarness } from "./harness.ts";

let harness: Harness;

beforeAll(() => {
  harness = makeHarness();
});

afterAll(() => harness.close());

const stop = (id: string, deadlineMs = 0) => harness.provider.stop(id, { deadlineMs });
const state = async (id: string) => (await harness.provider.inspect()).get(id);
const NO_MANAGEMENT = { address: "", port: 0, privateKey: "", hostKey: "" };

describe("the life of a machine", () => {
  test("starts, is seen, runs commands, stops, and nothing is left", async () => {
    const spec = harness.spec("a1");
    await harness.provider.start(spec);
    expect(await state("a1")).toMatchObject({
      id: "a1",
      name: "machine-a1",
      project: "p1",
      state: "running",
    });
    expect((await harness.exec("a1", "hostname")).stdout.toString()).toBe("host-a1\n");
    await stop("a1", 5000);
    expect(await state("a1")).toBeUndefined();
    expect(harness.leftovers()).toEqual([]);
    expect(readFileSync(spec.consoleLog, "utf8")).toContain("guest is up");
  });

  test("starting twice has no effect, stopping twice has none either", async () => {
    const spec = harness.spec("a2");
    await harness.provider.start(spec);
    const first = (await harness.exec("a2", "cat /proc/1/stat")).stdout.toString().split(" ")[21];
    await harness.provider.start(spec);
    const second = (await harness.exec("a2", "cat /proc/1/stat")).stdout.toString().split(" ")[21];
    expect(second).toBe(first);
    await stop("a2");
    await stop("a2");
    await stop("never-was");
    expect(harness.leftovers()).toEqual([]);
  });

  test("what it wrote and deleted is there after the next start, and its console log goes on", async () => {
    const spec = harness.spec("a3");
    await harness.provider.start(spec);
    await harness.exec("a3", "echo kept >/root/file; rm /srv/data/from-image; mkdir -m 700 /root/dir");
    await stop("a3", 5000);
    await harness.provider.start(spec);
    const seen = await harness.exec("a3", "cat /root/file; stat -c %a /root/dir; ls /srv/data");
    expect(seen.stdout.toString()).toBe("kept\n700\n");
    await stop("a3");
    expect(readFileSync(spec.consoleLog, "utf8").match(/guest is up/g)).toHaveLength(2);
  });

  test("two machines share the layers, and the last one takes them along", async () => {
    await Promise.all(["b1", "b2"].map((id) => harness.provider.start(harness.spec(id))));
    expect(readdirSync(harness.layout.layerMounts())).toHaveLength(2);
    await stop("b1");
    expect((await harness.exec("b2", "cat /srv/data/from-image")).stdout.toString()).toBe("image\n");
    expect(harness.leftovers().filter((line) => line.includes("b1"))).toEqual([]);
    await stop("b2");
    expect(harness.leftovers()).toEqual([]);
  });

  test("one that ends by itself is seen as stopped, with its exit status, until it is cleaned", async () => {
    const spec = harness.spec("a4");
    await harness.provider.start(spec);
    await harness.exec("a4", "echo >/etc/die-early");
    await stop("a4", 5000);
    await harness.provider.start(spec);
    await expect
      .poll(() => state("a4"))
      .toMatchObject({ state: "stopped", reason: expect.stringMatching(/7/) });
    await expect(harness.provider.connect("a4", NO_MANAGEMENT)).rejects.toMatchObject({
      code: "MACHINE_STATE",
    });
    await stop("a4", 5000);
    expect(harness.leftovers()).toEqual([]);
  });
});

describe("commands", () => {
  beforeAll(() => harness.provider.start(harness.spec("x")));
  afterAll(() => stop("x"));

  test.each([
    ["exit 0", 0],
    ["exit 3", 3],
    ["exit 255", 255],
    ["kill -TERM $$", 143],
    ["kill -KILL $$", 137],
  ])("the exit code of '%s' is %i", async (command, code) => {
    expect((await harness.exec("x", command)).code).toBe(code);
  });

  test("a program that is not there", async () => {
    expect((await harness.exec("x", { argv: ["/no/such"] })).code).toBe(127);
  });

  test("environment and working directory reach it, words are not split", async () => {
    const request = { argv: ["/bin/sh", "-c", 'pwd; echo "$A|$1"', "sh", "two  words *"], cwd: "/srv" };
    const result = await harness.exec("x", { ...request, env: { A: "b c" } });
    expect(result.stdout.toString()).toBe("/srv\nb c|two  words *\n");
  });

  test("stdout and stderr are told apart", async () => {
    const result = await harness.exec("x", "echo out; echo err >&2");
    expect([result.stdout.toString(), result.stderr.toString()]).toEqual(["out\n", "err\n"]);
  });

  test("binary data passes both ways unchanged", async () => {
    const data = randomBytes(3_000_000);
    const result = await harness.exec("x", { argv: ["/bin/cat"] }, data);
    expect(createHash("md5").update(result.stdout).digest("hex")).toBe(
      createHash("md5").update(data).digest("hex"),
    );
  });

  test("much output arrives whole, and is held back while nobody reads", async () => {
    await using connection = await harness.provider.connect("x", NO_MANAGEMENT);
    const argv = ["/bin/sh", "-c", "dd if=/dev/zero bs=64k count=1600 2>/dev/null; echo >/tmp/done"];
    const command = await connection.exec({ argv });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await harness.exec("x", "ls /tmp/done")).code).not.toBe(0);
    let bytes = 0;
    for await (const chunk of command.stdout) bytes += chunk.length;
    expect([bytes, await command.exitCode]).toEqual([1600 * 65_536, 0]);
  });

  test("a signal reaches the command and what it started", async () => {
    await using connection = await harness.provider.connect("x", NO_MANAGEMENT);
    const command = await connection.exec({ argv: ["/bin/sh", "-c", "sleep 100; echo survived"] });
    await command.kill("TERM");
    expect(await command.exitCode).toBe(143);
    await command.kill("TERM");
    const trap = ["/bin/sh", "-c", "trap 'exit 9' INT; echo ready; while :; do sleep 0.05; done"];
    const trapped = await connection.exec({ argv: trap });
    await new Promise((resolve) => trapped.stdout.once("data", resolve));
    await trapped.kill("INT");
    expect(await trapped.exitCode).toBe(9);
  });

  test("many at once", async () => {
    const results = await Promise.all(
      Array.from({ length: 12 }, (_, index) => harness.exec("x", `sleep 0.1; echo ${index}; exit ${index}`)),
    );
    expect(results.map((result) => result.code)).toEqual(results.map((_, index) => index));
  });

  test("a terminal is a real one", async () => {
    await using connection = await harness.provider.connect("x", NO_MANAGEMENT);
    const argv = connection.terminal({
      argv: ["/bin/sh", "-c", "test -t 0 && test -t 1 && echo terminal; exit 5"],
    });
    const script = ["-qec", argv.map((word) => `'${word}'`).join(" "), "/dev/null"];
    const run = () => execFileSync("script", script, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
    expect(run).toThrow(expect.objectContaining({ status: 5, stdout: expect.stringContaining("terminal") }));
  });

  test("one that was under way when the machine stops ends with it", async () => {
    await harness.provider.start(harness.spec("x2"));
    const command = harness.exec("x2", "sleep 100");
    await new Promise((resolve) => setTimeout(resolve, 200));
    await stop("x2");
    await expect(command.then((result) => result.code)).resolves.toBe(137);
  });
});

describe("what a machine sees", () => {
  afterEach(() => stop("s"));

  test("its limits, its address and none of the host's powers", async () => {
    await harness.provider.start(harness.spec("s", { memoryMiB: 200, cpus: 0.5, pids: 55 }));
    const script = `
cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/cpu/cpu.cfs_quota_us
ip -o -4 address show eth0 | grep -c 10.213.0
echo 0 >/proc/sys/vm/swappiness; echo >/sys/fs/cgroup/memory/memory.limit_in_bytes
mount -t tmpfs none /tmp; unshare -m true; mknod /root/disk b 7 0; cat /root/disk
grep -E '^(Seccomp|CapEff):' /proc/self/status`;
    const { stdout, stderr } = await harness.exec("s", script);
    const bounding = BigInt(`0x${/CapBnd:\s*(\w+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]}`);
    const capabilities = (0xa80435fbn & bounding).toString(16).padStart(16, "0");
    expect(stdout.toString()).toBe(
      `${200 * 1024 * 1024}\n55\n50000\n1\nCapEff:\t${capabilities}\nSeccomp:\t2\n`,
    );
    expect(
      stderr.toString().match(/Read-only file system|not permitted|denied/g),
      stderr.toString(),
    ).toHaveLength(5);
  });

  test("its volumes, filled with what the image has at first use and kept ever after", async () => {
    const spec = harness.spec("s");
    execFileSync("sh", ["-c", `echo 'vol /srv/data' >"$1/volumes"`, "sh", spec.seed]);
    await harness.provider.start(spec);
    const first = await harness.exec(
      "s",
      "cat /srv/data/from-image; stat -c %a /srv/data; echo new >/srv/data/more",
    );
    expect(first.stdout.toString()).toBe("image\n750\n");
    expect((await harness.exec("s", "grep -c ' /srv/data ' /proc/mounts")).stdout.toString()).toBe("1\n");
    await stop("s", 5000);
    await harness.provider.start(spec);
    expect((await harness.exec("s", "cat /srv/data/*")).stdout.toString()).toBe("image\nnew\n");
  });
});
