import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createDisk } from "../../../src/machines/index.ts";
import { freezeGuard, held, isFreezable } from "../../../src/providers/freezable.ts";
import type { ExecProcess, Provider } from "../../../src/providers/provider.ts";
import { run, start } from "../../../src/system/index.ts";
import { type TempHome, tempHome } from "../../support/temp-home.ts";

let home: TempHome;
let folder: string;

beforeEach(async () => {
  home = await tempHome();
  folder = join(home.folder, "mnt");
  await mkdir(folder);
  await createDisk(join(home.folder, "disk.img"), 32);
  await run(["mount", "-o", "loop", join(home.folder, "disk.img"), folder]);
});

afterEach(async () => {
  await run(["umount", folder]);
  await home[Symbol.asyncDispose]();
});

function started(argv: readonly string[]): ExecProcess & { readonly pid: number } {
  const child = start(argv, { stdio: ["pipe", "pipe", "pipe"] });
  const { stdin, stdout, stderr, pid = 0 } = child;
  if (!stdin || !stdout || !stderr) throw new Error("no pipes");
  const exitCode = new Promise<number>((resolve) => child.once("close", (code) => resolve(code ?? 1)));
  return { stdin, stdout, stderr, exitCode, pid, kill: async (signal) => void child.kill(`SIG${signal}`) };
}

/** Whether a write comes through within a moment; a thread of ours would wait with it. */
async function canWrite(name: string): Promise<boolean> {
  const { exitCode } = await run(["timeout", "1", "touch", join(folder, name)], { okCodes: [0, 124, 137] });
  return exitCode === 0;
}

describe("a guard", () => {
  it("holds a file system until it is told to let go", async () => {
    const hold = await held(started(freezeGuard(folder)), "web");
    const writing = writeFile(join(folder, "late"), "x");
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await run(["dumpe2fs", "-h", join(home.folder, "disk.img")])).stdout).not.toContain(
      "needs_recovery",
    );
    expect(existsSync(join(folder, "late"))).toBe(false);
    await hold[Symbol.asyncDispose]();
    await writing;
  });

  it("lets go when whoever asked is gone, and hears no signal before", async () => {
    const guard = started(freezeGuard(folder));
    await held(guard, "web");
    for (const signal of ["TERM", "INT", "HUP"] as const) await guard.kill(signal);
    guard.stdin.end(); // as the end of a process closes it
    expect(await guard.exitCode).toBe(0);
    expect(await canWrite("after")).toBe(true);
  });

  it("lets go when whoever asked was gone before it could answer", async () => {
    const script = 'sleep 0.2; exec "$@"';
    const child = start(["sh", "-c", script, "sh", ...freezeGuard(folder)], {
      stdio: ["pipe", "pipe", "pipe"],
    });
    const ended = once(child, "close");
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
    expect(await ended).toEqual([0, null]);
    expect(await canWrite("after")).toBe(true);
  });

  it("fails where nothing can be held, and when it was not held to the end", async () => {
    await expect(held(started(freezeGuard(join(home.folder, "nowhere"))), "web")).rejects.toMatchObject({
      code: "FAILED",
      message: /the disk of web cannot be held: .*nowhere/,
    });
    const late = started(["sh", "-c", "echo frozen; cat >/dev/null; exit 3"]);
    const hold = await held(late, "web");
    await expect(hold[Symbol.asyncDispose]()).rejects.toMatchObject({ message: /more than 10 minutes/ });
  });
});

describe("isFreezable", () => {
  it("tells by what the provider has", () => {
    expect(isFreezable({ freeze: () => {} } as unknown as Provider)).toBe(true);
    expect(isFreezable({} as Provider)).toBe(false);
  });
});
