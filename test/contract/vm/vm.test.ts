import { afterAll, beforeAll, describe } from "vitest";
import { describeProvider } from "../provider.contract.ts";
import { type VmHarness, vmHarness } from "./harness.ts";
import { describeDaemonLoss } from "./suites/daemon-loss.ts";
import { describeNames } from "./suites/names.ts";
import { describePower } from "./suites/power.ts";

describeProvider({ name: "libvirt", make: vmHarness, bootMs: 60_000 });

describe("libvirt alone", () => {
  let harness: VmHarness;

  beforeAll(async () => {
    harness = await vmHarness();
  });

  afterAll(() => harness?.[Symbol.asyncDispose]());

  describePower(() => harness);
  describeNames(() => harness);
  describeDaemonLoss(() => harness);
});
