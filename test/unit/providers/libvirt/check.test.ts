import { expect, test, vi } from "vitest";
import { checkHost } from "../../../../src/providers/libvirt/check.ts";
import { libvirtProvider } from "../../../../src/providers/libvirt/index.ts";
import { testStore } from "./store.ts";

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
