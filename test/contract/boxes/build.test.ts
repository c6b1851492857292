import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildBox, findBox, resolveLayers, verifyBox } from "../../../src/boxes/index.ts";
import { asset, type Layout, run, waitFor } from "../../../src/system/index.ts";
import { pidsMentioning, residueOf } from "../../support/residue.ts";
import { sourceProgram } from "../../support/source-process.ts";
import { mountsBelow, type TempHome, tempHome } from "../../support/temp-home.ts";

/** Real builds from the host's mirror; the slim box, because it takes a third of the time. */
const SLIM = "debian/12-slim";

let home: TempHome;
let layout: Layout;

beforeAll(async () => {
  home = await tempHome();
  layout = home.layout;
});

afterAll(async () => {
  await home[Symbol.asyncDispose]();
});

/** What a build must not leave behind, whatever ended it. */
async function leftovers(): Promise<string[]> {
  const files = existsSync(layout.temporary()) ? await readdir(layout.temporary()) : [];
  return [...files, ...(await residueOf(layout)), ...(await mountsBelow(home.folder))];
}

describe("a real build", () => {
  it("is ended with everything that it started when it is interrupted, and leaves nothing", async () => {
    const controller = new AbortController();
    const report = (line: string) => {
      if (line.startsWith("installing essential")) controller.abort();
    };
    const attempt = buildBox(layout, SLIM, { signal: controller.signal, report });
    await expect(attempt).rejects.toMatchObject({ code: "INTERRUPTED" });
    expect(await leftovers()).toEqual([]);
    expect(await findBox(layout, SLIM)).toBeUndefined();
  });

  it("ends when bothy is killed", async () => {
    const folder = await mkdtemp(asset("node_modules", ".bothy-t-")); // from here it finds its packages
    try {
      const program = await sourceProgram(
        folder,
        `import { buildBox } from "./src/boxes/index.ts";
         import { layout } from "./src/system/index.ts";
         await buildBox(layout(process.argv[2]), "${SLIM}", { report: (line) => console.log(line) });`,
      );
      await using child = program(layout.home);
      while (!(await child.line()).startsWith("extracting"));
      child.kill("SIGKILL");
      await child.exited();
      await waitFor(
        {
          title: "the builder to end",
          attempt: async () => pidsMentioning(layout.home).length === 0 || undefined,
        },
        { timeoutMs: 5000 },
      );
      expect(await residueOf(layout)).toEqual([]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("gives the same box twice, and does nothing a third time", async () => {
    const first = await buildBox(layout, SLIM);
    const second = await buildBox(layout, SLIM, { force: true });
    const third = await buildBox(layout, SLIM);
    expect([first.built, second.built, third.built]).toEqual([true, true, false]);
    expect(second.box.digest).toBe(first.box.digest);
    expect(await verifyBox(layout, second.box)).toEqual([]);
    expect(await readdir(layout.layers())).toHaveLength(1);
    expect(await leftovers()).toEqual([]);
  });

  it("has the user, working sources, and nothing of this host or of the build", async () => {
    const box = await findBox(layout, SLIM);
    const [layer] = box ? await resolveLayers(layout, box) : [];
    const mounted = await home.sub("mounted");
    await run(["mount", "-t", "erofs", "-o", "ro,loop", layer?.path ?? "", mounted]);
    try {
      const read = (path: string) => readFile(join(mounted, path), "utf8");
      expect(await read("etc/passwd")).toMatch(/^bothy:x:1000:1000::\/home\/bothy:\/bin\/bash$/m);
      expect(await read("etc/apt/sources.list")).toMatch(/^deb http\S+ bookworm main$/m);
      const neutral = [read("etc/hostname"), read("etc/resolv.conf"), read("etc/machine-id")];
      expect(await Promise.all(neutral)).toEqual(["localhost\n", "", ""]);
      for (const folder of ["tmp", "run", "var/tmp", "var/lib/apt/lists", "usr/share/man"]) {
        expect(await readdir(join(mounted, folder))).toEqual([]);
      }
      expect(existsSync(join(mounted, "usr/sbin/policy-rc.d"))).toBe(false);
      expect((await stat(join(mounted, "usr/bin/su"))).mode & 0o7777).toBe(0o4755);
    } finally {
      await run(["umount", mounted]);
    }
  });
});
