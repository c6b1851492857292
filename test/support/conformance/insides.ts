import { release } from "node:os";
import { describe, expect, it } from "vitest";
import { exec, output, type Running } from "./harness.ts";

const BUSYBOX = "/.bothy/bin/busybox";
/** Where a machine without a kernel of its own sees its limits: cgroup v2, then v1. */
const CGROUP = "/sys/fs/cgroup";

/** What a machine sees of itself: its limits, its names, its network. */
export function describeInsides(running: () => Running): void {
  const ownKernel = () => running().harness.open().features.ownKernel;
  const inside = (...argv: string[]) => output(running().connection, ...argv);
  const read = (path: string) => inside("cat", path);

  describe("limits", () => {
    it("processors", async () => {
      const { cpus } = running().spec;
      if (ownKernel()) expect(Number(await inside(BUSYBOX, "nproc"))).toBe(Math.ceil(cpus));
      else expect(await cpuQuota(read)).toBeCloseTo(cpus, 2);
    });

    it("memory", async () => {
      const { memoryMiB } = running().spec;
      if (!ownKernel()) return expect(await memoryLimit(read)).toBe(memoryMiB * 1024 * 1024);
      const total = Number(/MemTotal:\s+(\d+)/.exec(await read("/proc/meminfo"))?.[1]) / 1024;
      expect(total).toBeLessThanOrEqual(memoryMiB);
      expect(total).toBeGreaterThan(memoryMiB * 0.7); // the kernel keeps some for itself
    });

    it("disk", async () => {
      const line = (await inside(BUSYBOX, "df", "-k", "/")).split("\n").at(-1) ?? "";
      const totalMiB = Number(line.trim().split(/\s+/).at(-5)) / 1024;
      expect(totalMiB).toBeLessThanOrEqual(512);
      expect(totalMiB).toBeGreaterThan(512 * 0.8); // the file system keeps some for itself
    });

    it("processes at one time", async () => {
      const count = (running().spec.pids ?? 0) + 50;
      const script = `${"sleep 2 & ".repeat(count)} echo all of them`;
      const { stdout, stderr } = await exec(running().connection, { argv: ["sh", "-c", script] });
      expect(stdout.toString()).not.toContain("all of them");
      expect(stderr).toMatch(/fork/i);
    });
  });

  it("has a kernel of its own exactly where the provider says so", async () => {
    expect((await inside("uname", "-r")) !== release()).toBe(ownKernel());
  });

  it("has its own name", async () => {
    expect(await inside("hostname")).toBe(running().spec.hostname);
  });

  it("has its address on eth0", async () => {
    const [nic] = running().spec.nics;
    expect(await inside(BUSYBOX, "ip", "-4", "addr", "show", "dev", "eth0")).toContain(
      `inet ${nic?.address}`,
    );
    expect(await read("/sys/class/net/eth0/address")).toBe(nic?.mac);
  });

  it("asks the project's resolver", async () => {
    const [nic] = running().spec.nics;
    expect(await read("/etc/resolv.conf")).toContain(`nameserver ${nic?.gateway}`);
  });
}

type Read = (path: string) => Promise<string>;

async function cpuQuota(read: Read): Promise<number> {
  const v2 = await read(`${CGROUP}/cpu.max`).catch(() => undefined);
  const v1 = async () =>
    `${await read(`${CGROUP}/cpu/cpu.cfs_quota_us`)} ${await read(`${CGROUP}/cpu/cpu.cfs_period_us`)}`;
  const [quota, period] = (v2 ?? (await v1())).split(" ").map(Number);
  return (quota ?? 0) / (period ?? 1);
}

async function memoryLimit(read: Read): Promise<number> {
  const v2 = await read(`${CGROUP}/memory.max`).catch(() => undefined);
  return Number(v2 ?? (await read(`${CGROUP}/memory/memory.limit_in_bytes`)));
}
