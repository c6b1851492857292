import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { RunSpec } from "../../../src/providers/provider.ts";
import { type Harness, makeHarness, runFile } from "./harness.ts";

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
const pidIn = (id: string, file: string) => Number(readFileSync(runFile(harness.layout, id, file), "utf8"));

/** Runs shell commands with the machine's data disk mounted at $1. */
function onDisk(spec: RunSpec, script: string): void {
  const folder = mkdtempSync("/var/tmp/bothy-disk-");
  execFileSync("mount", ["-o", "loop", spec.dataDisk, folder]);
  try {
    execFileSync("sh", ["-c", script, "sh", folder]);
  } finally {
    execFileSync("umount", [folder]);
    rmSync(folder, { recursive: true });
  }
}

describe("a start that fails leaves nothing and says why", () => {
  const cases: [string, string, (spec: RunSpec) => Partial<RunSpec> | undefined][] = [
    ["the disk is missing", "MACHINE_BROKEN", () => ({ dataDisk: "/var/tmp/no-such-disk" })],
    [
      "a layer is missing",
      "LAYER_DAMAGED",
      (spec) => ({ layers: [...spec.layers, { digest: "ff", path: "/no" }] }),
    ],
    ["a layer is no EROFS", "LAYER_DAMAGED", (spec) => ({ layers: [{ digest: "fe", path: spec.dataDisk }] })],
    [
      "the disk is no file system",
      "DISK_DAMAGED",
      (spec) => void writeFileSync(spec.dataDisk, "x".repeat(1 << 20)),
    ],
    ["the disk was cut off", "DISK_DAMAGED", (spec) => void truncateSync(spec.dataDisk, 1 << 20)],
    ["upper is a link", "DISK_DAMAGED", (spec) => void onDisk(spec, "ln -s /etc $1/upper")],
    ["work is a link", "DISK_DAMAGED", (spec) => void onDisk(spec, "ln -s /etc $1/work")],
    ["volumes is a link", "DISK_DAMAGED", (spec) => void onDisk(spec, "ln -s /etc $1/volumes")],
    ["upper is a file", "DISK_DAMAGED", (spec) => void onDisk(spec, "echo >$1/upper")],
    [
      "a volume is a link",
      "DISK_DAMAGED",
      (spec) => void onVolume(spec, "mkdir $1/volumes; ln -s /etc $1/volumes/v"),
    ],
    ["the tools have no init", "START_FAILED", (spec) => ({ tools: spec.layers[0] ?? spec.tools })],
    [
      "the bridge is missing",
      "NETWORK_CONFLICT",
      (spec) => ({ nics: spec.nics.map((nic) => ({ ...nic, bridge: "bono" })) }),
    ],
    [
      "the link exists",
      "NETWORK_CONFLICT",
      (spec) => ({ nics: spec.nics.map((nic) => ({ ...nic, hostLink: "lo" })) }),
    ],
    [
      "the address card is refused",
      "COMMAND_FAILED",
      (spec) => ({ nics: spec.nics.map((nic) => ({ ...nic, mac: "bad" })) }),
    ],
  ];

  test.each(cases)("%s: %s", async (_, code, damage) => {
    const id = `f${cases.findIndex(([title]) => title === _)}`;
    const spec = harness.spec(id);
    const broken = { ...spec, ...damage(spec) };
    await expect(harness.provider.start(broken)).rejects.toMatchObject({ code });
    expect(await state(id)).toBeUndefined();
    expect(harness.leftovers()).toEqual([]);
  });

  function onVolume(spec: RunSpec, script: string): void {
    writeFileSync(join(spec.seed, "volumes"), "v /srv/data\n");
    onDisk(spec, script);
  }
});

test("links and files in the place of mount points become folders, and nothing goes through them", async () => {
  const spec = harness.spec("l1");
  const elsewhere = join(harness.layout.home, "elsewhere");
  mkdirSync(elsewhere);
  writeFileSync(join(spec.seed, "volumes"), "v /srv/data\n");
  const links = ["run", ".bothy", "proc", "sys"].map((name) => `ln -s ${elsewhere} $1/upper/${name}`);
  onDisk(spec, `mkdir $1/upper; ${links.join("; ")}; echo >$1/upper/dev`);
  await harness.provider.start(spec);
  const { stdout } = await harness.exec(
    "l1",
    "ls -ld /run /.bothy /proc /sys /dev | grep -c ^d; cat /srv/data/*",
  );
  expect(stdout.toString()).toBe("5\nimage\n");
  await harness.provider.stop("l1", { deadlineMs: 5000 });
  expect(readdirSync(elsewhere)).toEqual([]);
});

describe("a start that is interrupted", () => {
  test.each([1, 2, 3, 4, 5])("at step %i leaves nothing", async (count) => {
    const abort = new AbortController();
    let steps = 0;
    const report = () => {
      steps += 1;
      if (steps === count) abort.abort();
    };
    const start = harness.provider.start(harness.spec(`i${count}`), { signal: abort.signal, report });
    await expect(start).rejects.toMatchObject({ code: "INTERRUPTED" });
    expect(harness.leftovers()).toEqual([]);
  });

  test.each([10, 30, 60, 90])("after %i ms leaves nothing", async (ms) => {
    const start = harness.provider.start(harness.spec(`t${ms}`), { signal: AbortSignal.timeout(ms) });
    await start.catch((error: unknown) => expect(error).toMatchObject({ code: "INTERRUPTED" }));
    await stop(`t${ms}`);
    expect(harness.leftovers()).toEqual([]);
  });
});

describe("bothy itself is killed in the middle of a start", () => {
  let script: string;

  beforeAll(async () => {
    script = join(harness.layout.home, "start-and-die.mjs");
    const entry = join(import.meta.dirname, "start-and-die.ts");
    await build({
      entryPoints: [entry],
      bundle: true,
      platform: "node",
      target: "node20",
      format: "esm",
      outfile: script,
      logLevel: "error",
      banner: {
        js: `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);`,
      },
    });
    execFileSync("cp", ["-r", "templates", "package.json", harness.layout.home]);
  });

  async function startAndDie(spec: RunSpec, step: number, delayMs: number): Promise<void> {
    const words = [script, harness.layout.home, JSON.stringify(spec), String(step), String(delayMs)];
    const child = spawn(process.execPath, words, { stdio: ["ignore", "inherit", "inherit"] });
    expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);
  }

  test.each([
    [1, 0],
    [2, 0],
    [2, 15],
    [2, 35],
    [2, 60],
    [3, 0],
    [4, 0],
    [5, 0],
  ])("at step %i after %i ms: it is seen, and stop removes everything", async (step, delayMs) => {
    const spec = harness.spec(`k${step}${delayMs}`);
    await startAndDie(spec, step, delayMs);
    if (step > 1) expect(await state(spec.id)).toMatchObject({ state: "broken", name: spec.name });
    await stop(spec.id);
    expect(await state(spec.id)).toBeUndefined();
    expect(harness.leftovers()).toEqual([]);
  });

  test("the next start cleans up by itself", async () => {
    const spec = harness.spec("kn");
    await startAndDie(spec, 4, 0);
    await harness.provider.start(spec);
    expect((await harness.exec("kn", "echo fine")).stdout.toString()).toBe("fine\n");
  });
});

describe("something of a running machine is killed", () => {
  test("its first process: it is stopped, with the signal as the reason", async () => {
    await harness.provider.start(harness.spec("d1"));
    process.kill(pidIn("d1", "init.pid"), "SIGKILL");
    await expect
      .poll(() => state("d1"))
      .toMatchObject({ state: "stopped", reason: "it was ended by signal 9" });
    await harness.provider.start(harness.spec("d1"));
    expect(await state("d1")).toMatchObject({ state: "running" });
  });

  test("its monitor: it goes on, says so, and can be stopped in order", async () => {
    await harness.provider.start(harness.spec("d2"));
    process.kill(pidIn("d2", "monitor.pid"), "SIGKILL");
    await expect.poll(() => state("d2")).toMatchObject({ state: "running", reason: /monitor is gone/ });
    expect((await harness.exec("d2", "echo on")).stdout.toString()).toBe("on\n");
    await stop("d2", 5000);
  });

  test("both: no exit status, and nothing else is lost", async () => {
    await harness.provider.start(harness.spec("d3"));
    process.kill(pidIn("d3", "monitor.pid"), "SIGKILL");
    process.kill(pidIn("d3", "init.pid"), "SIGKILL");
    await expect.poll(() => state("d3")).toMatchObject({ state: "stopped", reason: /no exit status/ });
  });
});

describe("the data disk is in use", () => {
  test("by a loop device: refused, naming it", async () => {
    const spec = harness.spec("u1");
    const device = execFileSync("losetup", ["--find", "--show", spec.dataDisk], { encoding: "utf8" }).trim();
    try {
      const start = harness.provider.start(spec);
      await expect(start).rejects.toMatchObject({
        code: "DISK_BUSY",
        message: expect.stringContaining(device),
      });
    } finally {
      execFileSync("losetup", ["--detach", device]);
    }
  });

  test("by a program that locks it, as QEMU does: refused, naming it", async () => {
    const spec = harness.spec("u2");
    const holder = spawn("flock", [spec.dataDisk, "sh", "-c", "echo held; exec sleep 100"]);
    await once(holder.stdout, "data");
    try {
      const start = harness.provider.start(spec);
      await expect(start).rejects.toMatchObject({
        code: "DISK_BUSY",
        message: expect.stringMatching(/pid \d+/),
      });
    } finally {
      const [child] = execFileSync("ps", ["--ppid", String(holder.pid), "-o", "pid="], { encoding: "utf8" })
        .trim()
        .split("\n");
      holder.kill();
      process.kill(Number(child));
    }
  });

  test("by the machine itself: the other provider would have to be told too", async () => {
    await harness.provider.start(harness.spec("u3"));
    const other = { ...harness.spec("u4"), dataDisk: harness.spec("u3").dataDisk };
    await expect(harness.provider.start(other)).rejects.toMatchObject({ code: "DISK_BUSY" });
  });
});

test("a damaged record shows one machine as broken, and stop still removes all of it", async () => {
  await harness.provider.start(harness.spec("r1"));
  await harness.provider.start(harness.spec("r2"));
  writeFileSync(runFile(harness.layout, "r1", "machine.json"), '{"format": 1, "id"');
  expect(await state("r1")).toMatchObject({ state: "broken", reason: /damaged/ });
  expect(await state("r2")).toMatchObject({ state: "running" });
  await stop("r1");
  expect(harness.leftovers().filter((line) => line.includes("r1"))).toEqual([]);
});

test("this host has what containers need", async () => {
  const findings = await harness.provider.check();
  expect(findings.filter((finding) => finding.status === "missing")).toEqual([]);
  expect(findings.map((finding) => finding.id)).toContain("oci-runtime");
});
