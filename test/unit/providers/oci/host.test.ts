import { expect, test } from "vitest";
import { parseCgroupLayout, parseOpenFiles } from "../../../../src/providers/oci/host/index.ts";

const LEGACY = `
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
39 31 0:36 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd
`;
const UNIFIED = "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";
const V2 =
  "35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot";

test("the three ways to mount cgroups are told apart", () => {
  expect(parseCgroupLayout(LEGACY)).toEqual({
    kind: "v1",
    hierarchies: ["/sys/fs/cgroup/memory", "/sys/fs/cgroup/pids", "/sys/fs/cgroup/systemd"],
    named: "/sys/fs/cgroup/systemd",
  });
  const hybrid = parseCgroupLayout(LEGACY + UNIFIED);
  expect(hybrid?.kind).toBe("hybrid");
  expect(hybrid?.hierarchies).toContain("/sys/fs/cgroup/unified");
  expect(hybrid?.unified).toBe("/sys/fs/cgroup/unified");
  expect(parseCgroupLayout(V2)).toEqual({ kind: "v2", hierarchies: ["/sys/fs/cgroup"], delegated: true });
  expect(parseCgroupLayout(V2.replace("nsdelegate,", ""))?.delegated).toBe(false);
  expect(parseCgroupLayout("22 27 0:21 / /proc rw - proc proc rw")).toBeUndefined();
});

test("the hard limit of open files", () => {
  const line = (hard: string) =>
    `Max open files            1024                 ${hard}              files     \n`;
  expect(parseOpenFiles(line("20000"))).toBe(20_000);
  expect(parseOpenFiles(line("unlimited"))).toBeGreaterThan(1e9);
});
