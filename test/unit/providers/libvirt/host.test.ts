import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  type AccelerationDoors,
  findAcceleration,
  findObstacle,
  kvmModeError,
  kvmModeProblem,
  listQemuOf,
  probeKvm,
  type QemuUser,
  readQemuUser,
  usingFolder,
} from "../../../../src/providers/libvirt/host/index.ts";
import { runSpec } from "./fixtures.ts";

const qemu: QemuUser = { name: "libvirt-qemu", uid: 64055, gid: 64055, gids: [64055, 107] };
let folder = "";

beforeEach(async () => {
  folder = await mkdtemp("/var/tmp/bothy-host-");
  await chmod(folder, 0o755);
});

afterEach(() => rm(folder, { recursive: true }));

test.each([
  ["as udev makes it", { uid: 0, gid: 107, mode: 0o20660 }, true],
  ["open to all", { uid: 0, gid: 0, mode: 0o20666 }, true],
  ["root only", { uid: 0, gid: 0, mode: 0o20600 }, false],
  ["another group", { uid: 0, gid: 5, mode: 0o20660 }, false],
  ["read only", { uid: 0, gid: 107, mode: 0o20640 }, false],
  ["QEMU's own", { uid: 64055, gid: 0, mode: 0o20600 }, true],
])("/dev/kvm %s", (_, device, usable) => {
  expect(kvmModeProblem(device, qemu) === undefined).toBe(usable);
});

test("no /dev/kvm, or QEMU as root, is no problem", () => {
  expect(kvmModeProblem(undefined, qemu)).toBeUndefined();
  expect(
    kvmModeProblem({ uid: 0, gid: 0, mode: 0o20600 }, { name: "root", uid: 0, gid: 0, gids: [0] }),
  ).toBeUndefined();
});

test("the error says what, why and what to do", () => {
  const problem = kvmModeProblem({ uid: 0, gid: 0, mode: 0o20600 }, qemu) ?? "";
  const error = kvmModeError(problem);
  expect(error).toMatchObject({ code: "KVM_MODE", exit: 4 });
  expect(error.message).toContain("mode 0600 and owner 0:0, which keeps out `libvirt-qemu`");
  expect(error.hints).toContain("bothy doctor --fix");
});

test.each([
  [
    "libvirt's own choice",
    '#user = "root"\n',
    { name: "libvirt-qemu", uid: 640, gid: 64, gids: [64, 107, 5] },
  ],
  ["a name", 'user = "other"\n', { name: "other", uid: 1000, gid: 64, gids: [64, 1000] }],
  ["a number", 'user = "+0"\ngroup = "kvm"\n', { name: "root", uid: 0, gid: 107, gids: [107, 0] }],
])("QEMU's user: %s", async (_, config, expected) => {
  const paths = {
    config: join(folder, "qemu.conf"),
    passwd: join(folder, "passwd"),
    group: join(folder, "group"),
    library: join(folder, "library"),
  };
  await writeFile(paths.config, config);
  await writeFile(
    paths.passwd,
    "root:x:0:0::/root:/bin/sh\nlibvirt-qemu:x:640:107::/:/bin/false\nother:x:1000:1000::/:/bin/sh\n",
  );
  await writeFile(paths.group, "kvm:x:107:\nlibvirt-qemu:x:64:libvirt-qemu\nmore:x:5:a,libvirt-qemu\n");
  await mkdir(paths.library);
  const { chown } = await import("node:fs/promises");
  await chown(paths.library, 640, 64);
  expect(await readQemuUser(paths)).toEqual(expected);
});

test("no libvirt, no user", async () => {
  const nowhere = join(folder, "none");
  expect(
    await readQemuUser({ config: nowhere, passwd: "/etc/passwd", group: "/etc/group", library: nowhere }),
  ).toBeUndefined();
});

test("the first folder that keeps QEMU out is named", async () => {
  const closed = join(folder, "closed");
  await mkdir(join(closed, "in"), { recursive: true });
  const file = join(closed, "in", "layer.erofs");
  await writeFile(file, "");
  await chmod(file, 0o644);
  const files = { reached: [], readable: [file] };
  expect(await findObstacle(files, qemu)).toBeUndefined();
  await chmod(closed, 0o700);
  expect(await findObstacle(files, qemu)).toEqual({ path: closed, hint: `chmod a+x ${closed}` });
  await chmod(closed, 0o711);
  await chmod(file, 0o600);
  expect(await findObstacle(files, qemu)).toEqual({ path: file, hint: `chmod a+r ${file}` });
  expect(await findObstacle({ reached: [file], readable: [] }, qemu)).toBeUndefined();
});

test("a QEMU is found by its UUID and by its files, and nothing else is", async () => {
  const proc = join(folder, "proc");
  const add = async (pid: number, comm: string, argv: string[]) => {
    await mkdir(join(proc, String(pid)), { recursive: true });
    await writeFile(join(proc, String(pid), "comm"), `${comm}\n`);
    await writeFile(join(proc, String(pid), "cmdline"), argv.map((word) => `${word}\0`).join(""));
  };
  await add(10, "qemu-system-x86", [
    "qemu",
    "-uuid",
    "u-1",
    "-blockdev",
    '{"filename":"/store/machines/a/disk.img"}',
  ]);
  await add(11, "qemu-system-x86", [
    "qemu",
    "-uuid",
    "u-2",
    "-blockdev",
    '{"filename":"/other/store/disk.img"}',
  ]);
  await add(12, "vim", ["vim", "-uuid", "u-1", '"/store/x']);
  await add(13, "qemu-system-x86", []); // a zombie
  const found = await listQemuOf("u-1", proc);
  expect(found.map(({ pid }) => pid)).toEqual([10]);
  const all = [...found, ...(await listQemuOf("u-2", proc))];
  expect(usingFolder(all, "/store").map(({ pid }) => pid)).toEqual([10]);
});

function doors(changes: Partial<AccelerationDoors> = {}) {
  return {
    recall: vi.fn(async () => undefined),
    remember: vi.fn(async () => {}),
    canOpenKvm: vi.fn(async () => true),
    probe: vi.fn(async () => ({ works: false, detail: "it hangs" })),
    ...changes,
  };
}

const { kernel } = runSpec();

test("without /dev/kvm nothing is probed", async () => {
  const d = doors({ canOpenKvm: async () => false });
  expect(await findAcceleration("qemu", kernel, d)).toBe("tcg");
  expect(d.probe).not.toHaveBeenCalled();
  expect(d.remember).not.toHaveBeenCalled();
});

test("a probe that fails is said once and remembered", async () => {
  const d = doors();
  const lines: string[] = [];
  expect(await findAcceleration("qemu", kernel, d, { report: (line) => lines.push(line) })).toBe("tcg");
  expect(lines.at(-1)).toContain("KVM does not work here (it hangs)");
  expect(d.remember).toHaveBeenCalledWith({ answer: "tcg", detail: "it hangs" });
});

test("a remembered answer is neither probed nor said", async () => {
  const d = doors({ recall: async () => ({ answer: "kvm", detail: "" }) });
  const report = vi.fn();
  expect(await findAcceleration("qemu", kernel, d, { report })).toBe("kvm");
  expect(d.probe).not.toHaveBeenCalled();
  expect(report).not.toHaveBeenCalled();
});

test("an interrupted probe is not remembered", async () => {
  const abort = new AbortController();
  const d = doors({
    probe: async () => {
      abort.abort();
      return { works: false, detail: "" };
    },
  });
  await expect(findAcceleration("qemu", kernel, d, { signal: abort.signal })).rejects.toMatchObject({
    code: "INTERRUPTED",
  });
  expect(d.remember).not.toHaveBeenCalled();
});

test("BOTHY_ACCEL wins, and only with a word that exists", async () => {
  const d = doors();
  vi.stubEnv("BOTHY_ACCEL", "kvm");
  expect(await findAcceleration("qemu", kernel, d)).toBe("kvm");
  vi.stubEnv("BOTHY_ACCEL", "xen");
  await expect(findAcceleration("qemu", kernel, d)).rejects.toMatchObject({ code: "USAGE" });
});

async function script(body: string): Promise<string> {
  const path = join(folder, "qemu");
  await writeFile(path, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  return path;
}

test("a guest that answers is proof of KVM, and its QEMU is ended", async () => {
  const pidFile = join(folder, "pid");
  const emulator = await script(`echo $$ >${pidFile}; echo 'bothy: probe ok'; exec sleep 60`);
  expect(await probeKvm(emulator, kernel)).toEqual({ works: true, detail: "a guest ran under KVM" });
  const { readFile } = await import("node:fs/promises");
  const pid = Number(await readFile(pidFile, "utf8"));
  expect(() => process.kill(pid, 0)).toThrow();
});

test("a guest that hangs is ended at the deadline", async () => {
  const emulator = await script("exec sleep 60");
  expect(await probeKvm(emulator, kernel, { deadlineMs: 100 })).toMatchObject({ works: false });
});

test("what QEMU says is the reason", async () => {
  const emulator = await script("echo 'failed to initialize kvm: Permission denied' >&2; exit 1");
  expect(await probeKvm(emulator, kernel)).toEqual({
    works: false,
    detail: "failed to initialize kvm: Permission denied",
  });
});
