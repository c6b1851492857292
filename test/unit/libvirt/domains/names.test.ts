import { expect, test } from "vitest";
import { domainStatus, lifecycleEvent } from "../../../../src/libvirt/domains/index.ts";

const domain = { name: "d", uuid: "00000000-0000-0000-0000-000000000001", id: 1 };

test.each([
  [1, 1, "running", "booted"],
  [3, 1, "paused", "user"],
  [4, 1, "shutdown", "user"],
  [5, 2, "shutoff", "destroyed"],
  [6, 1, "crashed", "panicked"],
  [1, 99, "running", "unknown"],
  [99, 1, "unknown", "unknown"],
  [-1, -1, "unknown", "unknown"],
])("state %i/%i is %s, %s", (state, reason, name, why) => {
  expect(domainStatus(state, reason)).toEqual({ state: name, reason: why });
});

test.each([
  [0, 0, "defined", "added"],
  [1, 0, "undefined", "removed"],
  [3, 0, "suspended", "paused"],
  [4, 0, "resumed", "unpaused"],
  [5, 0, "stopped", "shutdown"],
  [6, 1, "shutdown", "guest"],
  [7, 1, "pmsuspended", "disk"],
  [8, 0, "crashed", "panicked"],
  [5, 77, "stopped", "unknown"],
  [77, 0, "unknown", "unknown"],
])("event %i/%i is %s, %s", (type, detail, name, why) => {
  expect(lifecycleEvent(domain, type, detail)).toEqual({ domain, type: name, detail: why });
});
