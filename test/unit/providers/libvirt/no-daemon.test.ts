import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { expect, test, vi } from "vitest";
import { connectMachine } from "../../../../src/providers/libvirt/connect.ts";
import { discardDomain } from "../../../../src/providers/libvirt/discard.ts";
import { domainUuid } from "../../../../src/providers/libvirt/domain/index.ts";
import { acceleration, recallAcceleration } from "../../../../src/providers/libvirt/facts.ts";
import { inspectDomains } from "../../../../src/providers/libvirt/inspect.ts";
import { writeRunFiles } from "../../../../src/providers/libvirt/run-files.ts";
import { startDomain } from "../../../../src/providers/libvirt/start.ts";
import { stopDomain } from "../../../../src/providers/libvirt/stop.ts";
import { findEmulator, requireEmulator } from "../../../../src/providers/libvirt/surroundings.ts";
import { start } from "../../../../src/system/index.ts";
import { testStore } from "./store.ts";

test("with no daemon and no QEMU there are no machines", async () => {
  await using store = await testStore();
  expect((await inspectDomains(store.around)).size).toBe(0);
});

test("what a crash left shows as stopped, and stop clears it away", async () => {
  await using store = await testStore();
  await writeRunFiles(store.spec, "bothy-unit-no-such-log");
  const { id, name } = store.spec;
  expect([...(await inspectDomains(store.around)).values()]).toEqual([
    { id, name, project: "11223344", state: "stopped", reason: expect.stringContaining("it ended") },
  ]);
  await stopDomain(store.around, id, { deadlineMs: 5000 });
  await stopDomain(store.around, id, { deadlineMs: 5000 });
  expect(existsSync(store.spec.runFolder)).toBe(false);
  expect((await inspectDomains(store.around)).size).toBe(0);
});

test("a QEMU of ours without a daemon is unknown, never gone, and is not left by a failed start", async () => {
  await using store = await testStore();
  const uuid = domainUuid(store.spec.storeTag, store.spec.id);
  const program = `${store.around.layout.home}/qemu-unit`;
  await writeFile(program, "#!/bin/sh\nread -r line\n", { mode: 0o755 });
  const disk = JSON.stringify({ filename: store.spec.dataDisk });
  const qemu = start([program, "-uuid", uuid, "-blockdev", disk], { stdio: ["pipe", "ignore", "ignore"] });
  const ended = new Promise((resolve) => qemu.once("exit", (_, signal) => resolve(signal)));
  await vi.waitFor(() =>
    expect(inspectDomains(store.around)).rejects.toMatchObject({ code: "DAEMON_UNREACHABLE" }),
  );
  await discardDomain(store.around, uuid);
  expect(await ended).toBe("SIGKILL");
  expect((await inspectDomains(store.around)).size).toBe(0);
});

test("a machine that nobody answers for does not run", async () => {
  await using store = await testStore();
  const management = { ...store.spec.management, address: "127.0.0.1", port: 1, privateKey: "/dev/null" };
  await expect(connectMachine(store.around, store.spec.id, management)).rejects.toMatchObject({
    code: "MACHINE_STATE",
  });
});

test("a start without a daemon says so and leaves nothing", async () => {
  await using store = await testStore();
  await expect(startDomain(store.around, store.spec, {})).rejects.toMatchObject({
    code: expect.stringMatching(/^(DAEMON_UNREACHABLE|TOOL_MISSING|KVM_MODE)$/),
    exit: 4,
  });
  expect(existsSync(store.spec.runFolder)).toBe(false);
});

test("a VM without a kernel is a defect of the caller", async () => {
  await using store = await testStore();
  await expect(startDomain(store.around, { ...store.spec, kernel: undefined }, {})).rejects.toMatchObject({
    code: "BUG",
  });
});

test("what the machine asks for comes before what the host can", async () => {
  await using store = await testStore();
  vi.stubEnv("BOTHY_ACCEL", "tcg");
  expect(await acceleration(store.around, "/qemu", { ...store.spec, acceleration: "kvm" }, {})).toBe("kvm");
  expect(await acceleration(store.around, "/qemu", { ...store.spec, acceleration: "auto" }, {})).toBe("tcg");
  expect(await recallAcceleration(store.around, "/qemu")).toBeUndefined();
});

test("QEMU is found where it is, or asked for", async () => {
  const path = await findEmulator();
  if (path) expect(await requireEmulator()).toBe(path);
  else await expect(requireEmulator()).rejects.toMatchObject({ code: "TOOL_MISSING" });
});
