import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LiveMachine, RunSpec } from "../../../src/providers/provider.ts";
import { plainLine, waitFor } from "../../../src/system/index.ts";
import type { Wish } from "../machine-spec.ts";
import { answering, exec, type Harness, output } from "./harness.ts";

const BUSYBOX = "/srv/busybox";
const INSIDE = ["/.bothy/bin/busybox", "sh", "-c"];

/** Proves for one provider what an image's program is promised, in a box that has nothing but that. */
export function describeProgram(name: string, make: () => Promise<Harness>, bootMs: number): void {
  describe(name, { timeout: 3 * bootMs + 30_000 }, () => {
    let harness: Harness;
    beforeAll(async () => {
      harness = await make();
    }, 60_000);
    afterAll(() => harness?.[Symbol.asyncDispose](), 60_000);

    const start = async (script: string, wish: Wish = {}) => {
      const spec = await harness.spec({
        ...wish,
        program: { entrypoint: [BUSYBOX], command: ["sh", "-c", script], ...wish.program },
      });
      await harness.open().start(spec);
      return spec;
    };
    const ended = (spec: RunSpec) => untilStopped(harness, spec, bootMs);

    it("runs as its user, in its folder, with its variables, until it is asked to end", async () => {
      const script = `[ -t 0 ] || echo "$(id -u):$(id -g) $PWD $TEXT $HOSTNAME" >/dev/stdout
        trap 'echo asked; exit 3' QUIT; while :; do sleep 0.1; done`;
      const program = { runAs: "1234:staff", workdir: "/srv/new", stopSignal: "SIGQUIT" };
      const spec = await start(script, { program, environment: { TEXT: "two\nlines" } });
      await using connection = await answering(harness, spec, bootMs);
      expect(await output(connection, ...INSIDE, 'echo "$TEXT"; cat /etc/passwd')).toMatch(
        /^two\nlines\nroot:x:0:0:/,
      );
      expect((await exec(connection, { argv: ["/no/such"] })).code).toBe(127);
      const live = (await harness.open().inspect()).get(spec.id);
      expect([live?.state, live?.exitStatus]).toEqual(["running", undefined]);
      await harness.open().stop(spec.id, { deadlineMs: 30_000 });
      const said = await consoleOf(spec);
      expect(said).toContain(`1234:50 /srv/new two\nlines ${spec.hostname}\n`);
      expect(said).toContain("asked\n");
      expect(said).not.toContain("bothy:");
      expect(await harness.residue(spec.id)).toEqual([]);
    });

    it("ends the machine with its exit status, and again when it is started again", async () => {
      const spec = await start("echo the end; [ -e /srv/second ] && exit 0; echo >/srv/second; exit 42");
      expect(await ended(spec)).toMatchObject({
        reason: "its program ended with exit status 42",
        exitStatus: 42,
      });
      await harness.open().start(spec);
      expect(await ended(spec)).toMatchObject({
        reason: "its program ended with exit status 0",
        exitStatus: 0,
      });
      await harness.open().stop(spec.id, { deadlineMs: 0 });
      expect(await harness.residue(spec.id)).toEqual([]);
    });
  });
}

function untilStopped(harness: Harness, spec: RunSpec, bootMs: number): Promise<LiveMachine> {
  const attempt = async () => {
    const live = (await harness.open().inspect()).get(spec.id);
    return live?.state === "stopped" && !/has just ended/.test(live.reason ?? "") ? live : undefined;
  };
  return waitFor(
    { title: `${spec.name} to end`, attempt, evidence: () => consoleOf(spec) },
    { timeoutMs: bootMs },
  );
}

async function consoleOf(spec: RunSpec): Promise<string> {
  const text = await readFile(spec.consoleLog, "utf8").catch(() => "");
  return text.split("\n").map(plainLine).join("\n");
}

/** Proves that a box may have as many layers as there are allowed, all of them seen, the uppermost first. */
export function describeManyLayers(name: string, make: () => Promise<Harness>, bootMs: number): void {
  it(name, { timeout: bootMs + 60_000 }, async () => {
    await using harness = await make();
    const spec = await harness.spec();
    await harness.open().start(spec);
    await using connection = await answering(harness, spec, bootMs);
    const seen = await output(connection, ...INSIDE, "cat /layers/top; echo; ls /layers | wc -l");
    expect(seen.split(/\D+/).map(Number)).toEqual([spec.layers.length - 1, spec.layers.length]);
    await harness.open().stop(spec.id, { deadlineMs: 0 });
  });
}
