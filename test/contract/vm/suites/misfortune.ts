import { mkdir, stat } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import type { LiveMachine, RunSpec } from "../../../../src/providers/provider.ts";
import { run, waitFor } from "../../../../src/system/index.ts";
import { answering, output } from "../../../support/conformance/harness.ts";
import type { VmHarness } from "../harness.ts";

const BOOT_MS = 60_000;

/** What befalls a guest in mid-life. */
export function describeMisfortune(harness: () => VmHarness): void {
  const open = () => harness().open();

  describe("misfortune", () => {
    it("a guest that restarts itself cuts its commands off and comes back with its seed and disk", async () => {
      const spec = await harness().spec();
      await open().start(spec);
      await using before = await answering(harness(), spec, BOOT_MS);
      await output(before, "sh", "-c", "echo kept > /srv/note && sync");
      const restart = await before.exec({ argv: ["/.bothy/bin/busybox", "reboot", "-f"] });
      await expect(restart.exitCode).rejects.toMatchObject({ code: "CONNECT_FAILED" });
      await using after = await answering(harness(), spec, BOOT_MS);
      expect(await output(after, "cat", "/srv/note", "/etc/hostname")).toBe(`kept\n${spec.hostname}`);
      await open().stop(spec.id, { deadlineMs: 0 });
    });

    it("a guest that somebody suspended goes on where it was at the next start", async () => {
      const spec = await harness().spec();
      await open().start(spec);
      await using connection = await answering(harness(), spec, BOOT_MS);
      await run(["virsh", "suspend", harness().domain(spec)]);
      expect((await open().inspect()).get(spec.id)?.state).toBe("suspended");
      await open().start(spec);
      expect(await output(connection, "echo", "still here")).toBe("still here");
      expect((await open().inspect()).get(spec.id)?.state).toBe("running");
      await open().stop(spec.id, { deadlineMs: 0 });
    });

    it("a guest that put itself to sleep is woken by the next start", async () => {
      const spec = await harness().spec();
      await open().start(spec);
      await using connection = await answering(harness(), spec, BOOT_MS);
      const sleep = await connection.exec({
        argv: ["sh", "-c", "echo kept >/srv/note; echo mem >/sys/power/state"],
      });
      sleep.exitCode.catch(() => {}); // under emulation the firmware boots anew; Linux wrote its disks before
      await suspended(harness(), spec.id);
      await open().start(spec);
      await using after = await answering(harness(), spec, BOOT_MS);
      expect(await output(after, "cat", "/srv/note")).toBe("kept");
      expect((await open().inspect()).get(spec.id)?.state).toBe("running");
      await open().stop(spec.id, { deadlineMs: 0 });
    });

    it("a guest whose kernel panics ends, and says of what", async () => {
      const spec = await harness().spec();
      await open().start(spec);
      await using connection = await answering(harness(), spec, BOOT_MS);
      // what the initramfs has not loaded yet
      const script = "/.bothy/bin/busybox modprobe pvpanic-mmio; sync; echo c >/proc/sysrq-trigger";
      await connection.exec({ argv: ["sh", "-c", script] });
      const live = await stopped(harness(), spec.id);
      expect(live.reason).toBe("its kernel panicked: sysrq triggered crash");
      await open().start(spec);
      await using after = await answering(harness(), spec, BOOT_MS);
      expect(await output(after, "echo", "again")).toBe("again");
      expect((await open().inspect()).get(spec.id)?.state).toBe("running");
      await open().stop(spec.id, { deadlineMs: 0 });
      expect(await harness().residue(spec.id)).toEqual([]);
    });

    it("a full host disk suspends the guest, and a start lets it go on, with nothing lost", async () => {
      const spec = await harness().spec();
      await using small = await smallFileSystem(`${harness().layout.home}/small`);
      const squeezed: RunSpec = { ...spec, dataDisk: `${small.folder}/disk.img` };
      await run(["cp", "--sparse=always", spec.dataDisk, squeezed.dataDisk]);
      await open().start(squeezed);
      await using connection = await answering(harness(), squeezed, BOOT_MS);
      const script = "dd if=/dev/urandom of=/big bs=1M count=60 2>/dev/null && sync && echo written";
      const writing = await connection.exec({ argv: ["sh", "-c", script] });
      const live = await suspended(harness(), spec.id);
      expect(live.reason).toContain("full");
      await run(["mount", "-o", "remount,size=300m", small.folder]);
      await open().start(squeezed);
      expect([await text(writing.stdout), await writing.exitCode]).toEqual(["written\n", 0]);
      await open().stop(spec.id, { deadlineMs: 30_000 });
      expect((await stat(squeezed.dataDisk)).uid).toBe(0);
    });
  });
}

function suspended({ open }: VmHarness, id: string): Promise<LiveMachine> {
  const attempt = async () => {
    const live = (await open().inspect()).get(id);
    return live?.state === "suspended" ? live : undefined;
  };
  return waitFor({ title: "the guest to be suspended", attempt }, { timeoutMs: 30_000 });
}

function stopped({ open }: VmHarness, id: string): Promise<LiveMachine> {
  const attempt = async () => {
    const live = (await open().inspect()).get(id);
    return live?.state === "stopped" && live.reason !== "its QEMU has just ended" ? live : undefined;
  };
  return waitFor({ title: "the guest to be stopped", attempt }, { timeoutMs: 30_000 });
}

/** A file system of 40 MiB. */
async function smallFileSystem(folder: string): Promise<AsyncDisposable & { readonly folder: string }> {
  await mkdir(folder);
  await run(["mount", "-t", "tmpfs", "-o", "size=40m,mode=755", "none", folder]);
  return { folder, [Symbol.asyncDispose]: async () => void (await run(["umount", folder])) };
}
