import { afterAll, beforeAll, describe } from "vitest";
import { type VmHarness, vmHarness } from "./harness.ts";
import { describeDaemonLoss } from "./suites/daemon-loss.ts";
import { describeMisfortune } from "./suites/misfortune.ts";
import { describeNames } from "./suites/names.ts";
import { describePower } from "./suites/power.ts";

/** What is particular to VMs; the contract itself is proven by ../vm-conformance.test.ts. */
describe("the VM provider", () => {
  let harness: VmHarness;

  beforeAll(async () => {
    harness = await vmHarness();
  });

  afterAll(() => harness?.[Symbol.asyncDispose]());

  describePower(() => harness);
  describeNames(() => harness);
  describeMisfortune(() => harness);
  describeDaemonLoss(() => harness);
});
