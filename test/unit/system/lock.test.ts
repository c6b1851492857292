import { mkdir, readdir, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type Holder, lock, readHolder, removeOldLocks, run, tryLock } from "../../../src/system/index.ts";
import { type SourceProcess, sourceProgram } from "../../support/source-process.ts";
import { type TempHome, tempHome } from "../../support/temp-home.ts";

const HOLD = `
  import { lock } from "./src/system/lock.ts";
  process.on("SIGINT", () => console.log("undoing"));
  const held = await lock(process.argv[2]);
  console.log("held");
  process.on("SIGTERM", async () => { await held[Symbol.asyncDispose](); console.log("released"); process.exit(); });
  setInterval(() => {}, 1000);`;

/** Another process that holds the lock. */
async function holder(home: TempHome, path: string): Promise<SourceProcess> {
  const other = (await sourceProgram(home.folder, HOLD))(path);
  expect(await other.line()).toBe("held");
  return other;
}

const isTaken = async (path: string) => {
  await using held = await tryLock(path);
  return held === undefined;
};

describe("tryLock", () => {
  it("never waits: the lock, or nothing", async () => {
    await using home = await tempHome();
    const path = home.layout.lock("machine-1");
    {
      await using first = await tryLock(path);
      expect(first).toBeDefined();
      const startedAt = performance.now();
      expect(await tryLock(path)).toBeUndefined();
      expect(performance.now() - startedAt).toBeLessThan(500);
    }
    await using again = await tryLock(path);
    expect(again).toBeDefined();
  });
});

describe("removeOldLocks", () => {
  it("removes those that nobody holds and nobody took for long", async () => {
    await using home = await tempHome();
    const path = (name: string) => home.layout.lock(name);
    const old = new Date(Date.now() - 5000);
    for (const name of ["old", "held", "young"]) {
      await using _ = await lock(path(name));
      await utimes(path(name), old, old);
    }
    await using _held = await lock(path("held"));
    await utimes(path("held"), old, old);
    await utimes(path("young"), new Date(), new Date());
    await removeOldLocks(dirname(path("old")), 3000);
    expect((await readdir(dirname(path("old")))).sort()).toEqual(["held", "young"]);
  });

  it("takes no lock from anybody: who waited for a file that is removed waits for the one that is there", async () => {
    await using home = await tempHome();
    const path = home.layout.lock("machine-1");
    const first = await lock(path);
    let isSecond = false;
    const waiting = lock(path, { onWait: () => (isSecond = true) });
    while (!isSecond) await sleep(5);
    await sleep(100); // flock has the file open by now
    await rm(path); // by the holder, as `removeOldLocks` does
    const third = await lock(path);
    await first[Symbol.asyncDispose]();
    const early = await Promise.race([waiting, sleep(300, "waits")]);
    expect(early).toBe("waits");
    await third[Symbol.asyncDispose]();
    await using _ = await waiting;
    expect(await isTaken(path)).toBe(true);
  });
});

describe("lock", () => {
  it("keeps another process out and names who holds it", async () => {
    await using home = await tempHome();
    const path = home.layout.lock("machine-1");
    await using other = await holder(home, path);
    const told: (Holder | undefined)[] = [];
    const attempt = lock(path, { timeoutMs: 1, onWait: (who) => told.push(who) });
    await expect(attempt).rejects.toMatchObject({
      code: "LOCKED",
      message: expect.stringMatching(
        new RegExp(`^\`bothy ${path}\` \\(pid ${other.pid}, since .*\\) still holds`),
      ),
      hints: [`wait for it, or end it: kill ${other.pid}`],
    });
    expect(told).toMatchObject([{ pid: other.pid }]);
  });

  it("keeps the same process out as well", async () => {
    await using home = await tempHome();
    const path = home.layout.lock("machine-1");
    await using _ = await lock(path);
    expect(await isTaken(path)).toBe(true);
  });

  it("is free again after its release, and two names are two locks", async () => {
    await using home = await tempHome();
    for (let round = 0; round < 3; round++) {
      await using _ = await lock(home.layout.lock("one"), { timeoutMs: 1 });
      await using _other = await lock(home.layout.lock("other"), { timeoutMs: 1 });
    }
    expect((await readHolder(home.layout.lock("one")))?.pid).toBe(process.pid);
  });

  it("passes to who waits as soon as it is released", async () => {
    await using home = await tempHome();
    const path = home.layout.lock("machine-1");
    await using other = await holder(home, path);
    const waiting = lock(path, { timeoutMs: 10_000 });
    setTimeout(() => other.kill("SIGTERM"), 100);
    await using _ = await waiting;
    expect((await readHolder(path))?.pid).toBe(process.pid);
  });

  it("is free at once when its holder is killed", async () => {
    await using home = await tempHome();
    const path = home.layout.lock("machine-1");
    await using other = await holder(home, path);
    other.kill("SIGKILL");
    await other.exited();
    const startedAt = performance.now();
    await using _ = await lock(path, { timeoutMs: 5000 });
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });

  it("outlives Ctrl-C, which goes to the holder and all its children", async () => {
    await using home = await tempHome();
    const path = home.layout.lock("machine-1");
    await using other = await holder(home, path);
    other.killGroup("SIGINT");
    expect(await other.line()).toBe("undoing");
    expect(await isTaken(path)).toBe(true);
  });

  it("stops waiting when the caller gives up", async () => {
    await using home = await tempHome();
    const path = home.layout.lock("machine-1");
    await using other = await holder(home, path);
    const attempt = lock(path, { signal: AbortSignal.timeout(100) });
    await expect(attempt).rejects.toMatchObject({ code: "INTERRUPTED" });
    other.kill("SIGKILL"); // what gave up holds nothing
    await using _ = await lock(path, { timeoutMs: 3000 });
  });

  it("is kept while the caller undoes its work after an abort, also when it had to be waited for", async () => {
    await using home = await tempHome();
    const path = home.layout.lock("machine-1");
    await using other = await holder(home, path);
    const abort = new AbortController();
    const waiting = lock(path, { signal: abort.signal });
    setTimeout(() => other.kill("SIGTERM"), 50);
    await using _ = await waiting;
    abort.abort();
    expect(await isTaken(path)).toBe(true);
  });

  it("works on a full disk: what is there can still be destroyed", async () => {
    await using home = await tempHome();
    const folder = await home.sub("small");
    await run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", folder]);
    try {
      await writeFile(join(folder, "lock"), "");
      await writeFile(join(folder, "filler"), Buffer.alloc(1 << 20)).catch(() => {});
      await using _ = await lock(join(folder, "lock"));
      expect(await isTaken(join(folder, "lock"))).toBe(true);
    } finally {
      await run(["umount", folder]);
    }
  });

  it("says what is wrong with a file that cannot be a lock, instead of blaming another process", async () => {
    await using home = await tempHome();
    const path = home.layout.lock("machine-1");
    await mkdir(dirname(path), { recursive: true });
    await symlink("/nonexistent/lock", path);
    const error = await lock(path, { timeoutMs: 1 }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ message: expect.stringContaining(dirname(path)) });
    expect(error).not.toMatchObject({ code: "LOCKED" });
  });
});
