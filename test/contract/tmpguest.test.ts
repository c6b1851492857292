import { it } from "vitest";
import { answering, output } from "../support/conformance/harness.ts";
import { realHarness } from "../support/conformance/real-harness.ts";
import { manyLayers } from "../support/images.ts";
it.each([["container", 1],["container", 60], ["container", 127], ["vm", 1], ["vm", 20], ["vm", 60], ["vm", 127]] as const)("%s %i", { timeout: 150_000 }, async (level, count) => {
  await using harness = await realHarness(level, (layout) => manyLayers(layout, count));
  const spec = await harness.spec();
  const begun = performance.now();
  await harness.open().start(spec);
  const started = performance.now() - begun;
  await using connection = await answering(harness, spec, 100_000);
  console.log(level, count, "started", Math.round(started), "answered", Math.round(performance.now() - begun), await output(connection, "/.bothy/bin/busybox", "sh", "-c", "cat /proc/uptime"));
  await connection[Symbol.asyncDispose]();
  const t = performance.now();
  await harness.open().stop(spec.id, { deadlineMs: 0 });
  console.log("stopped", Math.round(performance.now() - t));
});
