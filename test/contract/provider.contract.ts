import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Connection, RunSpec } from "../../src/providers/provider.ts";
import { describeCommands } from "../support/conformance/commands.ts";
import { answering, type Conformance, type Harness } from "../support/conformance/harness.ts";
import { describeInsides } from "../support/conformance/insides.ts";
import { describeLife, describeLifecycle } from "../support/conformance/lifecycle.ts";

/** The machine that most tests share: limits small enough to be met, and a variable to be found. */
const WISH = {
  cpus: 0.5,
  memoryMiB: 256,
  diskMiB: 512,
  pids: 120,
  environment: { MACHINE: "from the seed", GREETING: "hello" },
};

/** Proves the contract of src/providers/provider.ts for one provider and one box. Where levels differ, `features` decide. */
export function describeProvider({ name, make, bootMs, onlyRunning }: Conformance): void {
  describe(name, { timeout: 2 * bootMs + 30_000 }, () => {
    let harness: Harness;
    let spec: RunSpec;
    let connection: Connection;

    beforeAll(async () => {
      harness = await make();
      spec = await harness.spec(WISH);
      await harness.open().start(spec);
      connection = await answering(harness, spec, bootMs);
    }, bootMs + 60_000);

    afterAll(async () => {
      await connection?.[Symbol.asyncDispose]();
      await harness?.open().stop(spec.id, { deadlineMs: 0 });
      await harness?.[Symbol.asyncDispose]();
    }, 60_000);

    describe("a running machine", () => {
      describeLife(
        () => harness,
        () => spec,
        bootMs,
      );
      describeCommands(() => ({ harness, spec, connection }));
      describeInsides(() => ({ harness, spec, connection }));
    });

    if (!onlyRunning) describe("the life of machines", () => describeLifecycle(() => harness, bootMs));

    it("leaves nothing on the host when the last machine has stopped", async () => {
      await harness.open().stop(spec.id, { deadlineMs: 30_000 });
      expect(await harness.residue()).toEqual([]);
      expect([...(await harness.open().inspect()).keys()]).toEqual([]);
    });
  });
}
