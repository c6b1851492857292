import { describeManyLayers, describeProgram } from "../support/conformance/program.ts";
import { realHarness } from "../support/conformance/real-harness.ts";
import { boxImages, manyLayers, programImages, tinyImages } from "../support/images.ts";
import { describeProvider } from "./provider.contract.ts";

describeProvider({
  name: "containers from a tiny box, supervised by our init",
  make: () => realHarness("container", tinyImages),
  bootMs: 10_000,
});

describeProvider({
  name: "containers from debian/12, with systemd",
  make: () => realHarness("container", (layout) => boxImages(layout, "debian/12")),
  bootMs: 20_000,
  onlyRunning: true,
});

describeProgram(
  "containers from a box with a program alone",
  () => realHarness("container", programImages),
  10_000,
);

describeManyLayers(
  "a container of 127 layers",
  () => realHarness("container", (layout) => manyLayers(layout, 127)),
  20_000,
);
