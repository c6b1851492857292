import { describeManyLayers, describeProgram } from "../support/conformance/program.ts";
import { realHarness } from "../support/conformance/real-harness.ts";
import { boxImages, manyLayers, programImages, tinyImages } from "../support/images.ts";
import { describeProvider } from "./provider.contract.ts";

describeProvider({
  name: "VMs from a tiny box, supervised by our init",
  make: () => realHarness("vm", tinyImages),
  bootMs: 60_000,
});

describeProvider({
  name: "VMs from debian/12, with systemd",
  make: () => realHarness("vm", (layout) => boxImages(layout, "debian/12")),
  bootMs: 90_000,
  onlyRunning: true,
});

describeProgram("VMs from a box with a program alone", () => realHarness("vm", programImages), 60_000);

describeManyLayers(
  "a VM of 127 layers",
  () => realHarness("vm", (layout) => manyLayers(layout, 127)),
  90_000,
);
