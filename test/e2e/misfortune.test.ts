import { chmod, copyFile, readdir, readFile, rename, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { asset, baseEnvironment, run } from "../../src/system/index.ts";
import { type Lab, lab, succeeded } from "../support/lab.ts";

const YAML = "machines:\n  web: { box: debian/12-slim }\n";

interface Status {
  machines: { name: string; state: string; id: string; reason: string | null; project?: string }[];
}

/** Fails as promised: that code, and one message that has all these words. */
async function fails(shop: Lab, argv: string[], exitCode: number, ...words: string[]): Promise<void> {
  const result = await shop.bothy(...argv);
  expect(result.exitCode, result.stderr).toBe(exitCode);
  for (const word of words) expect(result.stderr).toContain(word);
  expect(result.stderr.match(/^error: /gm)).toHaveLength(1);
  expect(result.stderr).toMatch(/^ {2}try: /m);
}

async function machineId(shop: Lab): Promise<string> {
  return (await shop.json<Status>("status")).machines[0]?.id ?? "";
}

/** Runs bothy where `mask` has changed what the host looks like; only this process sees it. */
async function onChangedHost(shop: Lab, mask: string, ...argv: string[]) {
  const script = `mount --make-rprivate /; ${mask}; exec "$@"`;
  return run(
    ["unshare", "--mount", "sh", "-ec", script, "sh", process.execPath, asset("bin", "run.js"), ...argv],
    {
      cwd: shop.folder,
      env: { ...baseEnvironment(), ...shop.env },
      okCodes: [0, 1, 2, 3, 4],
    },
  );
}

/** Shell text that hides programs of /usr/bin or /usr/sbin behind an overlay. */
function hide(folder: string, ...programs: string[]): string {
  const overlay = `mkdir -p /run/t-u /run/t-w; mount -t tmpfs t /run/t-u; mkdir /run/t-u/u /run/t-u/w`;
  return `${overlay}; mount -t overlay o -o lowerdir=${folder},upperdir=/run/t-u/u,workdir=/run/t-u/w ${folder}; rm ${programs.map((name) => `${folder}/${name}`).join(" ")}`;
}

describe("this host cannot", () => {
  it("says who must run it", async () => {
    await using shop = await lab(YAML);
    const args = [
      "setpriv",
      "--reuid=65534",
      "--clear-groups",
      process.execPath,
      asset("bin", "run.js"),
      "up",
    ];
    const result = await run(args, { cwd: shop.folder, okCodes: [4] });
    expect(result.stderr).toMatch(/error: .*root/);
    expect(result.stderr).toContain("sudo");
  });

  it("names the package of a missing tool", async () => {
    await using shop = await lab(YAML);
    const result = await onChangedHost(shop, hide("/usr/bin", "conmon"), "up");
    expect(result.exitCode, result.stderr).toBe(4);
    expect(result.stderr).toContain("`conmon` is not installed");
    expect(result.stderr).toContain("apt-get install conmon");
    expect((await shop.json<Status>("status")).machines[0]?.state).toBe("absent");
  });

  it("says when no daemon answers and none can be started", async () => {
    await using shop = await lab("machines:\n  web: { box: debian/12-slim, isolation: vm }\n");
    const mask = `mount -t tmpfs t /run/libvirt; ${hide("/usr/sbin", "libvirtd")}`;
    const result = await onChangedHost(shop, mask, "up");
    expect(result.exitCode, result.stderr).toBe(4);
    expect(result.stderr).toContain("apt-get install libvirt-daemon-system");
  });
});

describe("state that was damaged", () => {
  it.each([
    ["cut short", (path: string) => truncate(path, 40), "no JSON"],
    [
      "of a newer version",
      async (path: string) =>
        writeFile(path, (await readFile(path, "utf8")).replace('"version": 1', '"version": 9')),
      "version 9",
    ],
    ["deleted", (path: string) => rm(path), "missing"],
  ])("shows one machine as broken when its record was %s, and keeps its disk", async (_, damage, words) => {
    await using shop = await lab(`${YAML}  other: { box: debian/12-slim }\n`);
    succeeded(await shop.bothy("up"));
    succeeded(await shop.bothy("halt"));
    const id = await machineId(shop);
    const { state, disk } = shop.layout.machine(id);
    await copyFile(state, `${shop.folder}/saved.json`);
    await damage(state);
    const all = (await shop.json<Status>("status", "--all")).machines;
    expect(all.find((machine) => machine.id === id)).toMatchObject({
      state: "broken",
      reason: expect.stringContaining(words),
    });
    expect(all.find((machine) => machine.name === "other")?.state).toBe("stopped");
    await fails(shop, ["halt", id], 1, words);
    succeeded(await shop.bothy("gc"));
    expect((await stat(disk)).size).toBeGreaterThan(0);
    await copyFile(`${shop.folder}/saved.json`, state);
    succeeded(await shop.bothy("up"));
  });

  it("refuses a box whose layer is missing or altered, and names the way out", async () => {
    await using shop = await lab(YAML);
    succeeded(await shop.bothy("up"));
    succeeded(await shop.bothy("halt"));
    const layers = (await readdir(shop.layout.layers())).filter((name) => name.endsWith(".erofs"));
    expect(layers).not.toEqual([]);
    for (const name of layers) {
      const path = join(shop.layout.layers(), name);
      await copyFile(path, `${path}.copy`); // the shared store keeps its own
      await rename(`${path}.copy`, path);
      await chmod(path, 0o644);
      await truncate(path, 4096);
    }
    await fails(shop, ["up"], 1, "layer", "bothy box build");
    for (const name of layers) await rm(join(shop.layout.layers(), name));
    await fails(shop, ["up"], 1, "layer", "bothy box build");
    expect((await shop.json<Status>("status")).machines[0]?.state).toBe("stopped");
  });
});

describe("a project folder", () => {
  it("that was moved keeps its machines; a copy is a project of its own", async () => {
    await using shop = await lab(YAML);
    succeeded(await shop.bothy("up"));
    const id = await machineId(shop);
    const elsewhere = `${shop.folder}-moved`;
    await run(["cp", "-a", shop.folder, `${shop.folder}-copy`]);
    const copied = JSON.parse(
      succeeded(await shop.bothyWith(["status", "--json"], { cwd: `${shop.folder}-copy` })),
    );
    expect(copied.machines[0].state).toBe("absent");
    await rename(shop.folder, elsewhere);
    const moved = JSON.parse(succeeded(await shop.bothyWith(["up", "--json"], { cwd: elsewhere })));
    expect(moved.machines[0]).toMatchObject({ id, action: "unchanged" });
    await rename(elsewhere, shop.folder);
  });

  it("that was deleted leaves machines that are found and removed by id", async () => {
    await using shop = await lab(YAML);
    succeeded(await shop.bothy("up"));
    const id = await machineId(shop);
    await rm(shop.folder, { recursive: true });
    const listed = JSON.parse(succeeded(await shop.bothyWith(["status", "--all", "--json"], { cwd: "/" })));
    expect(listed.machines).toMatchObject([{ id, state: "running", project: shop.folder }]);
    succeeded(await shop.bothyWith(["destroy", "-f", id], { cwd: "/" }));
  });
});

describe("a full disk", () => {
  it("fails an `up` with one message, and loses nothing", async () => {
    await using shop = await lab(YAML);
    succeeded(await shop.bothy("up"));
    await shop.inside("web", "echo kept > /kept; sync");
    succeeded(await shop.bothy("halt"));
    const { folder, disk } = shop.layout.machine(await machineId(shop));
    const crowded = `t=$(mktemp -d); mount -t tmpfs -o size=128k t $t; touch $t/disk.img; mount --bind ${disk} $t/disk.img
      (cd ${folder} && cp -a machine.json keys $t); dd if=/dev/zero of=$t/fill bs=1k 2>/dev/null || true; mount --rbind $t ${folder}`;
    const full = await onChangedHost(shop, crowded, "up");
    expect(full.exitCode, full.stderr).toBe(1);
    expect(full.stderr).toMatch(/error: no space left/);
    expect(full.stderr).toContain("df -h");
    succeeded(await shop.bothy("up"));
    expect(await shop.inside("web", "cat /kept")).toBe("kept\n");
  });

  it("inside a machine is an error inside, and the machine lives", async () => {
    await using shop = await lab("machines:\n  web: { box: debian/12-slim, disk: 512MiB }\n");
    succeeded(await shop.bothy("up"));
    const written = await shop.inside(
      "web",
      "dd if=/dev/zero of=/fill bs=1M count=2000 2>&1 | grep -o 'No space left' ; rm /fill; echo alive",
    );
    expect(written).toBe("No space left\nalive\n");
  });
});

describe("a guest that never answers", () => {
  it("is reported with its last console lines, and left to be looked at", async () => {
    await using shop = await lab("machines:\n  web: { box: debian/12 }\n");
    succeeded(await shop.bothy("up"));
    await shop.inside("web", "systemctl mask ssh.service ssh.socket; sync");
    succeeded(await shop.bothy("halt"));
    const result = await shop.bothyWith(["up"], { env: { BOTHY_BOOT_TIMEOUT: "6" } });
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toMatch(/waited 6 s for machine "web" to answer on SSH/);
    expect(result.stderr).toContain("last lines of its console:");
    expect(result.stderr).toContain("bothy logs web");
    expect((await shop.json<Status>("status")).machines[0]?.state).toBe("running");
    expect(await shop.inside("web", "hostname")).toBe("web\n");
  });
});
