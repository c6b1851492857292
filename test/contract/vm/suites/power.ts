import { stat } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { waitFor } from "../../../../src/system/index.ts";
import { answering, output } from "../../../support/conformance/harness.ts";
import type { VmHarness } from "../harness.ts";
import { consoleOf } from "../images.ts";

const BOOT_MS = 60_000;

/** How a VM ends: by its button, by itself, by force. */
export function describePower(harness: () => VmHarness): void {
  const open = () => harness().open();

  describe("power", () => {
    it("the button turns it off in its own time, before the deadline", async () => {
      const spec = await harness().spec();
      await open().start(spec);
      await using _ = await answering(harness(), spec, BOOT_MS);
      const forced: string[] = [];
      await open().stop(spec.id, { deadlineMs: 60_000, report: (line) => forced.push(line) });
      expect(forced).toEqual([]);
      expect(await consoleOf(spec.consoleLog)).toContain("Power down");
      const { uid, mode } = await stat(spec.dataDisk);
      expect([uid, mode & 0o777]).toEqual([0, 0o600]);
    });

    it("a guest that does not listen yet is stopped by force at the deadline, or hears it later", async () => {
      const spec = await harness().spec();
      await open().start(spec);
      const began = performance.now();
      await open().stop(spec.id, { deadlineMs: 500 });
      expect(performance.now() - began).toBeLessThan(5000);
      expect(await harness().residue(spec.id)).toEqual([]);
    });

    it("an interrupted wait leaves the machine as it is", async () => {
      const spec = await harness().spec();
      await open().start(spec);
      const signal = AbortSignal.timeout(100);
      await expect(open().stop(spec.id, { deadlineMs: 60_000, signal })).rejects.toMatchObject({
        code: "INTERRUPTED",
      });
      await open().stop(spec.id, { deadlineMs: 0 });
      expect(await harness().residue(spec.id)).toEqual([]);
    });

    it("one that turned itself off shows why, and its log goes on at the next start", async () => {
      const spec = await harness().spec();
      await open().start(spec);
      await using connection = await answering(harness(), spec, BOOT_MS);
      await output(connection, "sh", "-c", "echo marker-of-the-first-boot >/dev/console");
      await connection.exec({ argv: ["/.bothy/bin/busybox", "poweroff", "-f"] });
      const ended = await waitFor(
        {
          title: "the guest to be off",
          attempt: async () => {
            const live = (await open().inspect()).get(spec.id);
            return live?.state === "stopped" && live.reason !== "its QEMU has just ended" ? live : undefined;
          },
        },
        { timeoutMs: 20_000 },
      );
      expect(ended.reason).toBe("it turned itself off");
      await open().start(spec);
      await open().stop(spec.id, { deadlineMs: 0 });
      expect(await consoleOf(spec.consoleLog)).toContain("marker-of-the-first-boot");
      expect(await harness().residue(spec.id)).toEqual([]);
    });
  });
}
