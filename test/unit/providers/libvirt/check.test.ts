import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { checkHost } from "../../../../src/providers/libvirt/check.ts";
import { tryConnect } from "../../../../src/providers/libvirt/daemon/client.ts";
import { libvirtProvider } from "../../../../src/providers/libvirt/index.ts";
import { start } from "../../../../src/system/index.ts";
import { testStore } from "./store.ts";

vi.mock(import("../../../../src/providers/libvirt/daemon/client.ts"), async (original) => {
  const real = await original();
  return { ...real, tryConnect: vi.fn(real.tryConnect) };
});

afterEach(() => void vi.mocked(tryConnect).mockReset());

test("every finding has an id, a title and, unless it is ok, something to do or a reason", async () => {
  await using store = await testStore();
  const began = performance.now();
  const findings = await libvirtProvider(store.around).check();
  expect(performance.now() - began).toBeLessThan(1000);
  expect(findings.map(({ id }) => id)).toEqual([
    "qemu",
    "libvirt",
    "libvirt-daemon",
    "kvm-mode",
    "acceleration",
    "vm-store",
  ]);
  for (const { status, detail, hint, fix } of findings) {
    if (status !== "ok") expect(detail ?? hint ?? fix).toBeDefined();
  }
});

test("emulation is a warning, not a fault", async () => {
  await using store = await testStore();
  vi.stubEnv("BOTHY_ACCEL", "tcg");
  const found = (await checkHost(store.around)).find(({ id }) => id === "acceleration");
  expect(found).toMatchObject({ status: "warning", detail: expect.stringContaining("emulated") });
});

test("a provider of VMs", async () => {
  await using store = await testStore();
  const { name, isolation, features } = libvirtProvider(store.around);
  expect({ name, isolation, ownKernel: features.ownKernel }).toEqual({
    name: "libvirt",
    isolation: "vm",
    ownKernel: true,
  });
});

/** A process that looks like a QEMU of the store's. */
async function fakeQemu(folder: string, disk: string): Promise<AsyncDisposable> {
  const program = join(folder, "qemu-unit");
  await writeFile(program, "#!/bin/sh\nread -r line\n", { mode: 0o755 });
  const argv = [program, "-blockdev", JSON.stringify({ filename: disk })];
  const child = start(argv, { stdio: ["pipe", "ignore", "ignore"] });
  return { [Symbol.asyncDispose]: async () => void child.kill() };
}

test("VMs whose daemon died are a fault, and there is a cure", async () => {
  await using store = await testStore();
  const daemon = async () => {
    const around = { ...store.around, uri: "qemu:///system" };
    return (await checkHost(around)).find(({ id }) => id === "libvirt-daemon");
  };
  vi.mocked(tryConnect).mockResolvedValue(undefined);
  await using _ = await fakeQemu(store.around.layout.home, store.spec.dataDisk);
  await vi.waitFor(async () =>
    expect(await daemon()).toMatchObject({
      status: "missing",
      detail: expect.stringMatching(/VMs run \(pid \d+\)/),
      fix: expect.any(Function),
    }),
  );
});

test("where systemd runs the host, the cure is its", async () => {
  await using store = await testStore();
  const { paths, layout } = store.around;
  await mkdir(paths?.systemd ?? "");
  await mkdir(join(layout.home, "bin"), { recursive: true });
  const told = join(layout.home, "told");
  const script = `#!/bin/sh\necho "$*" >${told}\n`;
  await writeFile(join(layout.home, "bin/systemctl"), script, { mode: 0o755 });
  vi.stubEnv("PATH", `${layout.home}/bin:${process.env["PATH"]}`);
  vi.mocked(tryConnect).mockResolvedValue(undefined);
  const found = (await checkHost({ ...store.around, uri: "qemu:///system" })).find(
    ({ id }) => id === "libvirt-daemon",
  );
  expect(found?.status).toBe("missing");
  await found?.fix?.();
  expect(await readFile(told, "utf8")).toMatch(/^start (libvirtd|virtqemud)\.service\n$/);
});
