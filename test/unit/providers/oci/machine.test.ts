import { describe, expect, test } from "vitest";
import { lockedInodes } from "../../../../src/providers/oci/machine/disk.ts";
import { linkCommands } from "../../../../src/providers/oci/machine/network.ts";
import { startFailure } from "../../../../src/providers/oci/machine/start-failure.ts";
import { parseVolumes } from "../../../../src/providers/oci/spec/index.ts";
import type { RunSpec } from "../../../../src/providers/provider.ts";

test("the links of a machine in one batch, named inside by their position", () => {
  const nic = {
    network: "lan",
    bridge: "br1",
    hostLink: "bo1",
    mac: "52:54:00:00:00:01",
    address: "10.0.0.2/24",
  };
  expect(linkCommands("m1", [nic, { ...nic, bridge: "br2", hostLink: "bo2" }], 4711)).toBe(
    `link add dev bo1 type veth peer name eth0 address 52:54:00:00:00:01 netns 4711
link set dev bo1 alias bothy:m1 master br1 up
link add dev bo2 type veth peer name eth1 address 52:54:00:00:00:01 netns 4711
link set dev bo2 alias bothy:m1 master br2 up
`,
  );
});

test("the inodes that somebody locks, of every kind of lock", () => {
  const locks = `1: OFDLCK ADVISORY  READ -1 fe:00:1837 100 101
2: FLOCK  ADVISORY  WRITE 4711 00:1a:22 0 EOF
3: -> POSIX  ADVISORY  WRITE 12 fe:00:99 0 EOF
`;
  expect([...lockedInodes(locks)]).toEqual([1837, 22, 99]);
});

describe("the seed's volumes", () => {
  test("are a name and a path a line; a path may have blanks", () => {
    expect(parseVolumes("docker /var/lib/docker\nodd /srv/a b\n")).toEqual([
      { name: "docker", path: "/var/lib/docker" },
      { name: "odd", path: "/srv/a b" },
    ]);
    expect(parseVolumes("")).toEqual([]);
  });

  test.each(["../x /srv", "a/b /srv", ".. /srv", "name srv", "name"])("'%s' is refused", (line) => {
    expect(() => parseVolumes(line)).toThrow(/volume that is none/);
  });
});

describe("a start that failed", () => {
  const spec = { name: "web", dataDisk: "/d.img" } as RunSpec;

  test.each([
    ["STEP check\n/d.img: UNEXPECTED INCONSISTENCY\n", "DISK_DAMAGED", "UNEXPECTED INCONSISTENCY"],
    ["STEP check\nfine\nSTEP disk\nbad superblock\n", "DISK_DAMAGED", "cannot be mounted: bad superblock"],
    ["STEP check\nSTEP disk\nSTEP folders\n'upper' is a link\n", "DISK_DAMAGED", "'upper' is a link"],
    ["STEP root\nwrong fs type\n", "KERNEL_FEATURE", "wrong fs type"],
    ["unshare: unshare failed: Operation not permitted\n", "KERNEL_FEATURE", "no mount namespace"],
  ])("%j is %s", (said, code, words) => {
    const error = startFailure(spec, { said });
    expect(error.code).toBe(code);
    expect(error.message).toContain("machine 'web'");
    expect(error.message).toContain(words);
  });

  test("in the runtime's own words when it had come that far", () => {
    const error = startFailure(spec, { said: "STEP runtime\n", monitor: "no such file: /.bothy/init" });
    expect(error.code).toBe("START_FAILED");
    expect(error.message).toContain("no such file: /.bothy/init");
  });
});
