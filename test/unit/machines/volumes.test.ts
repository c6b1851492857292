import { expect, test } from "vitest";
import { imageVolumes, volumesOf } from "../../../src/machines/volumes.ts";
import { machineRecord } from "../../support/record.ts";

test("an image's volumes, in their shortest form and each once", () => {
  expect(imageVolumes(["/data/", "//var/lib/x", "/data", "/a/../b"])).toEqual({
    volumes: ["/data", "/var/lib/x", "/b"],
    ignored: [],
  });
  expect(imageVolumes()).toEqual({ volumes: [], ignored: [] });
});

test.each([
  ["/", "is what the machine starts from"],
  ["/etc/", "is what the machine starts from"],
  ["/proc/x", "belongs to the system"],
  ["/run", "belongs to the system"],
  ["/.bothy/x", "belongs to the system"],
  ["data", "is no absolute path"],
  ["/a b", "has white space in it"],
  [`/${"a".repeat(80)}`, "is too long"],
])("%s cannot be one", (path, why) => {
  const { volumes, ignored } = imageVolumes([path, "/data"]);
  expect(volumes).toEqual(["/data"]);
  expect(ignored).toEqual([expect.stringMatching(new RegExp(`^".*" ${why}$`))]);
});

test("a machine has its own and its image's, none inside another", () => {
  const { box } = machineRecord();
  const record = {
    volumes: ["/var/lib/x", "/srv"],
    box: { ...box, volumes: ["/srv", "/var/lib", "/srvx", "/srv/in"] },
  };
  expect(volumesOf(record)).toEqual(["/srv", "/var/lib", "/srvx"]);
  expect(volumesOf({ volumes: [], box })).toEqual([]);
});
