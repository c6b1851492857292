import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { libvirtProvider } from "../../../../src/providers/libvirt/index.ts";
import type { RunSpec } from "../../../../src/providers/provider.ts";
import { waitFor } from "../../../../src/system/index.ts";
import { pidsMentioning } from "../../../support/residue.ts";
import { PrivateDaemon } from "../../libvirt/private-daemon.ts";
import { killAndWait, type VmHarness } from "../harness.ts";

/** A daemon that dies, tried on one of the test's own: the host's is left in peace. */
export function describeDaemonLoss(harness: () => VmHarness): void {
  const away = (daemon: PrivateDaemon) =>
    libvirtProvider({
      layout: harness().layout,
      uri: `qemu:///system?socket=${daemon.socket}`,
      qemuUser: { name: "root", uid: 0, gid: 0, gids: [0] }, // as in its qemu.conf
    });
  const machine = async (): Promise<RunSpec> => ({ ...(await harness().spec()), nics: [] });

  describe("a daemon that dies", () => {
    it("in the middle of a start: that fails, and nothing is left", async () => {
      await using daemon = await PrivateDaemon.start();
      const spec = await machine();
      const start = away(daemon).start(spec);
      await Promise.race([qemuOf(spec), start]);
      await killAndWait(daemon.pid);
      await expect(start).rejects.toMatchObject({ code: "DAEMON_LOST" });
      expect(await harness().residue(spec.id)).toEqual([]);
      expect((await stat(spec.dataDisk)).uid).toBe(0);
    });

    it("under a running machine: that is unknown, not gone, until its QEMU ends too", async () => {
      await using daemon = await PrivateDaemon.start();
      const spec = await machine();
      await away(daemon).start(spec);
      const qemu = await qemuOf(spec);
      await killAndWait(daemon.pid);
      await expect(away(daemon).inspect()).rejects.toMatchObject({ code: "DAEMON_UNREACHABLE" });
      await expect(away(daemon).stop(spec.id, { deadlineMs: 0 })).rejects.toMatchObject({
        code: "DAEMON_UNREACHABLE",
      });
      expect(existsSync(spec.runFolder)).toBe(true);
      await killAndWait(qemu);
      expect((await away(daemon).inspect()).get(spec.id)?.state).toBe("stopped");
      await away(daemon).stop(spec.id, { deadlineMs: 0 });
      expect(await harness().residue(spec.id)).toEqual([]);
      expect((await away(daemon).inspect()).has(spec.id)).toBe(false);
    });
  });
}

function qemuOf(spec: RunSpec): Promise<number> {
  const attempt = async () => pidsMentioning(spec.dataDisk)[0];
  return waitFor({ title: "its QEMU", attempt }, { timeoutMs: 30_000, intervalMs: 5 });
}
