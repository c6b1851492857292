import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { VmSpec } from "../../../../src/providers/libvirt/domain/index.ts";
import type { Surroundings } from "../../../../src/providers/libvirt/surroundings.ts";
import { layout } from "../../../../src/system/index.ts";
import { runSpec } from "./fixtures.ts";

/** A store with one machine's files, and no libvirt daemon. */
export interface TestStore extends AsyncDisposable {
  readonly around: Surroundings;
  readonly spec: VmSpec;
}

/** Makes it under /var/tmp. */
export async function testStore(): Promise<TestStore> {
  const folder = await mkdtemp("/var/tmp/bothy-vm-unit-");
  await chmod(folder, 0o755);
  const store = { ...layout(join(folder, "home")), run: join(folder, "run") };
  const machine = (id: string) => ({
    ...layout(store.home).machine(id),
    run: join(store.run, "machines", id),
  });
  const around = {
    layout: { ...store, machine },
    uri: `qemu:///system?socket=${join(folder, "no-socket")}`,
    paths: { sockets: folder, systemd: join(folder, "no-systemd") },
  };
  const spec = runSpec({ storeTag: store.tag });
  const { disk, seed, run, console } = machine(spec.id);
  await mkdir(seed, { recursive: true, mode: 0o700 });
  await writeFile(disk, "disk", { mode: 0o600 });
  await writeFile(join(seed, "hostname"), "db\n", { mode: 0o600 });
  await writeFile(join(seed, "format"), "1\n", { mode: 0o600 });
  return {
    around,
    spec: { ...spec, dataDisk: disk, seed, runFolder: run, consoleLog: console },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
