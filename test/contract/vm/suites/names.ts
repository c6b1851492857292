import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { connect } from "../../../../src/libvirt/index.ts";
import type { RunSpec } from "../../../../src/providers/provider.ts";
import { run } from "../../../../src/system/index.ts";
import type { VmHarness } from "../harness.ts";

/** Domains that are not ours. */
export function describeNames(harness: () => VmHarness): void {
  const open = () => harness().open();

  describe("names", () => {
    it("a domain that bothy did not make keeps its name, and is not touched", async () => {
      const spec = await harness().spec();
      await using _ = await foreignDomain(harness().domain(spec));
      await expect(open().start(spec)).rejects.toMatchObject({ code: "NAME_TAKEN" });
      expect((await run(["virsh", "domstate", harness().domain(spec)])).stdout.trim()).toBe("running");
      expect((await open().inspect()).has(spec.id)).toBe(false);
      await open().stop(spec.id, { deadlineMs: 0 });
      expect((await run(["virsh", "domstate", harness().domain(spec)])).stdout.trim()).toBe("running");
    });

    it("the link of a machine says whose it is", async () => {
      const spec = await harness().spec();
      await open().start(spec);
      const alias = await readFile(`/sys/class/net/${spec.nics[0]?.hostLink}/ifalias`, "utf8");
      expect(alias).toBe(`bothy:${spec.storeTag}:${spec.project.id}:${spec.id}\n`);
      await open().stop(spec.id, { deadlineMs: 0 });
    });

    it("two projects of one name get along", async () => {
      const [one, other] = [await harness().spec(), await harness().spec()];
      const twin: RunSpec = { ...other, name: one.name, project: { ...one.project, id: "ffffffff" } };
      await open().start(one);
      await open().start(twin);
      const live = await open().inspect();
      expect([live.get(one.id)?.project, live.get(twin.id)?.project]).toEqual([one.project.id, "ffffffff"]);
      await open().stop(one.id, { deadlineMs: 0 });
      expect((await open().inspect()).get(twin.id)?.state).toBe("running");
      await open().stop(twin.id, { deadlineMs: 0 });
    });
  });
}

/** A domain of somebody else's; disposing destroys it. */
async function foreignDomain(name: string): Promise<AsyncDisposable> {
  const client = await connect({ uri: "qemu:///system" });
  const domain = await client.domains.create(`<domain type='qemu'><name>${name}</name>
    <memory unit='MiB'>16</memory><os><type arch='x86_64' machine='q35'>hvm</type></os>
    <devices><controller type='usb' model='none'/><memballoon model='none'/></devices></domain>`);
  return {
    [Symbol.asyncDispose]: async () => {
      await client.domains.destroy(domain);
      await client.close();
    },
  };
}
