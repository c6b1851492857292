import { describe, expect, it } from "vitest";
import { machineFile, machineOf, problemsOf } from "../support/read.ts";

it("takes absolute paths as they are", () => {
  const volumes = ["/var/lib/postgresql", "/data", "/data2", "/usr/local/share", "/etc/app", "/.bothy2"];
  expect(machineOf(`volumes: ${JSON.stringify(volumes)}`).volumes).toEqual(volumes);
});

describe("refuses", () => {
  it.each([
    ["data", "is no absolute path"],
    ["", "is no absolute path"],
    ["~/x", "is no absolute path"],
    ["/a b", "has white space in it"],
    ["/a\\nb", "has white space in it"],
    ["/data/", 'is not in its shortest form, "/data"'],
    ["//data", 'is not in its shortest form, "/data"'],
    ["/a/../etc", 'is not in its shortest form, "/etc"'],
    ["/a/./b", 'is not in its shortest form, "/a/b"'],
    ["/", "cannot be a volume: the machine starts from it"],
    ["/usr", "cannot be a volume: the machine starts from it"],
    ["/etc", "cannot be a volume: the machine starts from it"],
    ["/proc/x", "cannot be a volume: it belongs to the system"],
    ["/sys", "cannot be a volume: it belongs to the system"],
    ["/run/x", "cannot be a volume: it belongs to the system"],
    ["/var/run/x", "cannot be a volume: it belongs to the system"],
    ["/.bothy", "cannot be a volume: it belongs to the system"],
    ["/lib/modules", "cannot be a volume: it belongs to the system"],
  ])("%j", (volume, why) => {
    expect(problemsOf(machineFile(`volumes: ["${volume}"]`))).toEqual([
      `bothy.yaml:4:15: machines.web.volumes[0]: "${volume}" ${why}`,
    ]);
  });

  it("the same path twice, and one inside another", () => {
    expect(problemsOf(machineFile("volumes: [/a, /a, /b/c, /b]"))).toEqual([
      'bothy.yaml:4:19: machines.web.volumes[1]: "/a" is there already',
      'bothy.yaml:4:29: machines.web.volumes[3]: "/b" overlaps with the volume "/b/c"',
    ]);
  });
});
