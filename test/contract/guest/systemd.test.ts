import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findBox, resolveLayers } from "../../../src/boxes/index.ts";
import { run } from "../../../src/system/index.ts";
import { capture, dataDisk, machineSeed, type Running, store, type Workshop, workshop } from "./machine.ts";
import { startVm, VM_NETWORK } from "./vm.ts";

const box = await findBox(store, "debian/12").catch(() => undefined);

/** A shell script as root; what it printed. */
async function sh(machine: Running, script: string): Promise<string> {
  return (await machine.exec([], ["/bin/sh", "-c", script])).stdout.toString().trim();
}

describe("a box with systemd as a vm", () => {
  let shop: Workshop;
  let disk: string;
  let machine: Running;
  beforeAll(async () => {
    if (!box?.init) throw new Error("debian/12 is missing: `bothy box build debian/12` makes it");
    shop = await workshop();
    disk = await dataDisk(join(shop.home.folder, "systemd.img"));
    const layers = (await resolveLayers(store, box)).map((layer) => layer.path);
    const seed = await machineSeed(shop, "vm", VM_NETWORK, { init: box.init });
    machine = await startVm(shop, { layers, disk, seed });
  });
  afterAll(async () => {
    await machine?.[Symbol.asyncDispose]();
    await rm(disk, { force: true });
    await shop?.[Symbol.asyncDispose]();
  });

  test("has the command channel before systemd is up, and keeps it", async () => {
    await machine.exec([], ["/bin/true"]);
    const up =
      's=$(systemctl is-system-running 2>/dev/null) && break; [ "$s" = degraded ] && break; sleep 0.3';
    const state = await sh(machine, `for n in $(seq 300); do ${up}; done; echo $s`);
    expect(state, await sh(machine, "systemctl --failed --no-legend")).toBe("running");
  });

  test("is a machine of its own to systemd, not a container", async () => {
    expect(await sh(machine, "systemd-detect-virt --vm; systemd-detect-virt --container")).toBe("qemu\nnone");
    expect(await sh(machine, "cat /proc/1/comm /etc/machine-id; hostname")).toMatch(/^systemd\n0123.*\nweb$/);
    expect(await sh(machine, "cat /proc/self/cgroup")).toBe("0::/init.scope");
  });

  test("lets its user in through the box's own server, with our host key and sudo", async () => {
    const { stdout } = await capture([...machine.ssh("mia"), "id -un; sudo -n id -un"]);
    expect(stdout.toString()).toBe("mia\nroot\n");
    const ours = (await run(["cat", `${shop.hostKey}.pub`])).stdout.split(" ")[1];
    expect(await sh(machine, "cat /etc/ssh/ssh_host_ed25519_key.pub")).toContain(ours);
  });

  test("turns off at the power button and leaves a clean disk", async () => {
    expect(await machine.stop()).toContain("Power down");
    const { stdout } = await run(["dumpe2fs", "-h", disk]);
    expect(stdout).not.toContain("needs_recovery");
  });
});
