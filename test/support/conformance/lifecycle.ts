import { truncate, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { BothyError, type ErrorCode } from "../../../src/errors.ts";
import type { Provider, RunSpec } from "../../../src/providers/provider.ts";
import { answering, exec, type Harness, output } from "./harness.ts";

const AT_ONCE = { deadlineMs: 0 };

/** What `start`, `stop` and `inspect` promise, for machines that come and go. */
export function describeLifecycle(harness: () => Harness, bootMs: number): void {
  const open = () => harness().open();
  const made: RunSpec[] = [];
  const newMachine = async () => {
    const spec = await harness().spec();
    made.push(spec);
    return spec;
  };
  afterEach(async ({ task }) => {
    const specs = made.splice(0);
    if (task.result?.state !== "fail") return; // else one failure would make all later ones fail
    for (const { id } of specs)
      await open()
        .stop(id, AT_ONCE)
        .catch(() => {});
  });
  const nothingLeft = async (spec: RunSpec) => {
    expect(await harness().residue(spec.id)).toEqual([]);
    expect((await open().inspect()).has(spec.id)).toBe(false);
  };

  describe("a machine that was never started", () => {
    it("is not in what inspect says", async () => {
      const { id } = await newMachine();
      expect((await open().inspect()).has(id)).toBe(false);
    });

    it("can be stopped, without effect", async () => {
      const spec = await newMachine();
      await expect(open().stop(spec.id, { deadlineMs: 5000 })).resolves.toBeUndefined();
      await nothingLeft(spec);
    });

    it("refuses a connection with MACHINE_STATE", async () => {
      const spec = await newMachine();
      await expect(open().connect(spec.id, spec.management)).rejects.toMatchObject({ code: "MACHINE_STATE" });
    });
  });

  it("restarts with its disk, and stopping twice is no error", async () => {
    const spec = await newMachine();
    await open().start(spec);
    await using first = await answering(harness(), spec, bootMs);
    await output(first, "sh", "-c", "echo kept > /srv/note && sync");
    await open().stop(spec.id, { deadlineMs: 30_000 });
    await open().stop(spec.id, { deadlineMs: 30_000 });
    await nothingLeft(spec);
    await open().start(spec);
    await using second = await answering(harness(), spec, bootMs);
    expect(await output(second, "cat", "/srv/note")).toBe("kept");
    await open().stop(spec.id, AT_ONCE);
    await nothingLeft(spec);
  });

  it("tells a crash of the backend from life, and stop clears it away", async () => {
    const spec = await newMachine();
    await open().start(spec);
    await harness().crash(spec);
    const live = (await open().inspect()).get(spec.id);
    expect(["stopped", "broken", undefined]).toContain(live?.state);
    await expect(open().connect(spec.id, spec.management)).rejects.toMatchObject({ code: "MACHINE_STATE" });
    await open().stop(spec.id, AT_ONCE);
    await nothingLeft(spec);
  });

  it("starts again over what a crash left", async () => {
    const spec = await newMachine();
    await open().start(spec);
    await harness().crash(spec);
    await open().start(spec);
    expect(["starting", "running"]).toContain((await open().inspect()).get(spec.id)?.state);
    await open().stop(spec.id, AT_ONCE);
    await nothingLeft(spec);
  });

  it("runs machines side by side, and the end of one leaves the other", async () => {
    const [one, other] = [await newMachine(), await newMachine()];
    await Promise.all([open().start(one), open().start(other)]);
    const live = await open().inspect();
    expect([live.get(one.id)?.name, live.get(other.id)?.name]).toEqual([one.name, other.name]);
    await open().stop(one.id, AT_ONCE);
    await nothingLeft(one);
    await using connection = await answering(harness(), other, bootMs);
    expect(await output(connection, "hostname")).toBe(other.hostname);
    await open().stop(other.id, AT_ONCE);
    await nothingLeft(other);
  });

  it("refuses a data disk that another machine has", async () => {
    const [first, second] = [await newMachine(), await newMachine()];
    await open().start(first);
    const thief = { ...second, dataDisk: first.dataDisk };
    await expectFailure(open().start(thief), "DISK_BUSY");
    await nothingLeft(second);
    await open().stop(first.id, AT_ONCE);
    await nothingLeft(first);
  });

  describe("a start that fails leaves nothing", () => {
    it.each([
      ["a missing layer", (spec: RunSpec) => ({ ...spec, layers: [...spec.layers, missingLayer(spec)] })],
      ["a missing bridge", (spec: RunSpec) => ({ ...spec, nics: spec.nics.map(unplugged) })],
    ])("%s", async (_, damage) => {
      const spec = await newMachine();
      await expectFailure(open().start(damage(spec)));
      await nothingLeft(spec);
    });

    it("a data disk that is no file system, where the host mounts it", async () => {
      const spec = await newMachine();
      await writeFile(spec.dataDisk, "");
      await truncate(spec.dataDisk, 64 * 1024 * 1024);
      if (open().features.ownKernel)
        await open().start(spec); // the guest finds out, and says so on its console
      else await expectFailure(open().start(spec), "DISK_DAMAGED");
      await open().stop(spec.id, AT_ONCE);
      await nothingLeft(spec);
    });
  });

  it.each([0, 50, 150, 300, 600])("an abort after %i ms leaves nothing or a machine", async (ms) => {
    const spec = await newMachine();
    const abort = new AbortController();
    const started = open()
      .start(spec, { signal: abort.signal })
      .then(() => true, notStarted);
    await Promise.race([delay(ms), started]);
    abort.abort();
    if (await started) await open().stop(spec.id, AT_ONCE); // it was quicker
    await nothingLeft(spec);
  });
}

/** What is promised of one machine while it runs. */
export function describeLife(harness: () => Harness, spec: () => RunSpec, bootMs: number): void {
  const open = () => harness().open();

  it("shows as running, with its names and its age", async () => {
    const live = (await open().inspect()).get(spec().id);
    const { id, name, project } = spec();
    expect(live).toMatchObject({ id, name, project: project.id });
    expect(["starting", "running"]).toContain(live?.state);
    if (live?.uptimeS !== undefined)
      expect(live.uptimeS).toSatisfy((age) => Number.isInteger(age) && age >= 0);
  });

  it("started again, nothing happens", async () => {
    await using before = await answering(harness(), spec(), bootMs);
    const boot = await output(before, "cat", "/proc/1/stat").catch(() => "");
    await open().start(spec());
    await using after = await answering(harness(), spec(), bootMs);
    expect(started(await output(after, "cat", "/proc/1/stat").catch(() => ""))).toBe(started(boot));
  });

  it("is not another store's", async () => {
    const other = harness().elsewhere();
    expect((await other.inspect()).has(spec().id)).toBe(false);
    await other.stop(spec().id, AT_ONCE);
    await expectRunning(open(), spec());
  });

  it("takes commands without its network exactly where the provider says so", async () => {
    await harness().setLink(spec(), false);
    try {
      const attempt = open().connect(spec().id, spec().management);
      if (!open().features.execWithoutNetwork) {
        return await expect(attempt).rejects.toMatchObject({ code: "CONNECT_FAILED" });
      }
      await using connection = await attempt;
      expect((await exec(connection, { argv: ["true"] })).code).toBe(0);
    } finally {
      await harness().setLink(spec(), true);
    }
  });
}

async function expectRunning(provider: Provider, spec: RunSpec): Promise<void> {
  expect(["starting", "running"]).toContain((await provider.inspect()).get(spec.id)?.state);
}

async function expectFailure(attempt: Promise<void>, code?: ErrorCode): Promise<void> {
  const error = await attempt.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(BothyError);
  expect((error as BothyError).code).not.toBe("BUG");
  if (code !== undefined) expect((error as BothyError).code).toBe(code);
}

function notStarted(error: unknown): boolean {
  expect(error).toMatchObject({ code: "INTERRUPTED" });
  return false;
}

/** Field 22: when pid 1 began. */
function started(stat: string): string | undefined {
  return stat.slice(stat.lastIndexOf(")")).split(" ")[20];
}

function missingLayer(spec: RunSpec) {
  return { digest: "f".repeat(64), path: `${spec.runFolder}-no-such-layer.erofs` };
}

function unplugged(nic: RunSpec["nics"][number]) {
  return { ...nic, bridge: "bobffffffff" };
}
