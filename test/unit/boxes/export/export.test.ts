import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { exportBox } from "../../../../src/boxes/export/export.ts";
import type { ExportFormat } from "../../../../src/boxes/export/format.ts";
import { run } from "../../../../src/system/index.ts";
import { listTree, scriptedBox } from "../../../support/scripted-box.ts";
import { type TempHome, tempHome } from "../../../support/temp-home.ts";

const BOTTOM = `
  mkdir -p bin dev etc usr/lib/systemd var/gone var/replaced; echo old >etc/file; echo below >var/replaced/below
  touch var/gone/x usr/lib/systemd/systemd; ln etc/file etc/hard; mknod dev/null c 1 3; chown 7:8 bin; cp /bin/true bin/true
  setcap cap_net_raw=ep bin/true`;
const TOP = `
  mkdir -p etc var/replaced; mknod var/gone c 0 0; echo new >etc/new; setfattr -n user.overlay.opaque -v y var/replaced
  echo above >var/replaced/above; chmod 700 etc`;
const MERGED = [
  "bin/true",
  "dev/null",
  "etc/file",
  "etc/hard",
  "etc/new",
  "usr/lib/systemd/systemd",
  "var/replaced/above",
];

async function boxed(home: TempHome) {
  return scriptedBox(home.layout, "shop/web", [BOTTOM, TOP], { init: "/sbin/init" });
}

async function files(folder: string): Promise<string[]> {
  return (await listTree(folder))
    .filter((line) => !line.startsWith("d"))
    .map((line) => line.split(" ")[5] ?? "")
    .sort();
}

describe("exportBox", () => {
  it.each([
    ["web.tar", "--no-auto-compress"],
    ["web.tar.gz", "--gzip"],
    ["web.tar.zst", "--zstd"],
    ["web.tar.xz", "--xz"],
  ])("writes the merged root as %s", async (name, option) => {
    await using home = await tempHome();
    const [output, out] = [join(home.folder, name), await home.sub("out")];
    await exportBox(home.layout, await boxed(home), { format: "rootfs", output });
    const unpack = option === "--no-auto-compress" ? [] : [option];
    await run(["tar", ...unpack, "--xattrs", "--xattrs-include=*", "-C", out, "-xf", output]);
    expect(await files(out)).toEqual(MERGED);
    expect(await listTree(out)).toEqual(
      expect.arrayContaining(["d 755 7:8 bin -> ", "d 700 0:0 etc -> ", "f 644 0:0 2 4 etc/hard -> "]),
    );
    expect((await run(["getcap", "bin/true"], { cwd: out })).stdout).toBe("bin/true cap_net_raw=ep\n");
    expect((await run(["getfattr", "-R", "-m", "overlay", "."], { cwd: out })).stdout).toBe("");
  });

  it.each([
    ["oci", "web", (path: string) => `oci:${path}:latest`],
    ["oci", "web.tar", (path: string) => `oci-archive:${path}:latest`],
    ["docker", "web.tar", (path: string) => `docker-archive:${path}:shop/web:latest`],
  ] as const)(
    "writes an image that skopeo copies and umoci unpacks: %s, %s",
    async (format, name, reference) => {
      await using home = await tempHome();
      const output = join(home.folder, name);
      const said: string[] = [];
      await exportBox(home.layout, await boxed(home), { format, output, report: (line) => said.push(line) });
      expect(said).toEqual(["writing layer 1 of 2", "writing layer 2 of 2"]);
      const copy = join(home.folder, "copy");
      await run(["skopeo", "copy", "--insecure-policy", "-q", reference(output), `oci:${copy}:x`]);
      await run(["umoci", "unpack", "--image", `${copy}:x`, join(home.folder, "bundle")]);
      expect(await files(join(home.folder, "bundle/rootfs"))).toEqual(MERGED);
      const config = JSON.parse((await run(["skopeo", "inspect", "--config", `oci:${copy}:x`])).stdout);
      expect(config.config).toMatchObject({ Cmd: ["/sbin/init"], StopSignal: "SIGRTMIN+3" });
      expect(config.history).toHaveLength(2);
    },
  );

  it("writes the same bytes each time", async () => {
    await using home = await tempHome();
    const box = await boxed(home);
    const kinds: [ExportFormat, string][] = [
      ["oci", "tar"],
      ["docker", "tar"],
      ["rootfs", "tar.gz"],
    ];
    for (const [format, suffix] of kinds) {
      const outputs = [1, 2].map((turn) => join(home.folder, `${format}-${turn}.${suffix}`));
      for (const output of outputs) await exportBox(home.layout, box, { format, output });
      const [first, second] = await Promise.all(outputs.map((output) => readFile(output)));
      expect(first?.equals(second ?? Buffer.alloc(0)), format).toBe(true);
    }
  });

  it("replaces only what it is told to, and a folder only when it is an OCI layout", async () => {
    await using home = await tempHome();
    const box = await boxed(home);
    const [file, folder] = [join(home.folder, "web.tar.gz"), await home.sub("layout")];
    await writeFile(file, "mine");
    const toFile = { format: "rootfs", output: file } as const;
    await expect(exportBox(home.layout, box, toFile)).rejects.toMatchObject({ code: "FILE_EXISTS" });
    expect(await readFile(file, "utf8")).toBe("mine");
    await exportBox(home.layout, box, { ...toFile, force: true });
    await run(["gzip", "-t", file]);

    const toFolder = { format: "oci", output: folder } as const;
    await exportBox(home.layout, box, toFolder); // an empty one is as good as none
    await expect(exportBox(home.layout, box, toFolder)).rejects.toMatchObject({ code: "FILE_EXISTS" });
    await exportBox(home.layout, box, { ...toFolder, force: true });
    const project = await home.sub("project");
    await mkdir(join(project, "src"));
    const toProject = { format: "oci", output: project, force: true } as const;
    await expect(exportBox(home.layout, box, toProject)).rejects.toMatchObject({ code: "FILE_EXISTS" });
    expect(await readdir(project)).toEqual(["src"]);
    expect((await readdir(home.folder)).filter((name) => name.startsWith("."))).toEqual([]);
  });

  it("leaves nothing behind when it fails, is interrupted or finds the disk full", async () => {
    await using home = await tempHome();
    const box = await scriptedBox(home.layout, "web", ["head -c 1000000 /dev/urandom >noise"]);
    const small = await home.sub("small");
    await run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", small]);
    try {
      for (const [format, name] of [
        ["rootfs", "a.tar"],
        ["oci", "b"],
        ["docker", "c.tar"],
      ] as const) {
        const full = exportBox(home.layout, box, { format, output: join(small, name) });
        await expect(full).rejects.toMatchObject({ code: "DISK_FULL" });
      }
      expect(await readdir(small)).toEqual([]);
    } finally {
      await run(["umount", small]);
    }
    const output = join(home.folder, "x.tar.zst");
    const signal = AbortSignal.abort();
    await expect(exportBox(home.layout, box, { format: "rootfs", output, signal })).rejects.toMatchObject({
      code: "INTERRUPTED",
    });
    const nowhere = exportBox(home.layout, box, { format: "rootfs", output: "/nowhere/at/all.tar" });
    await expect(nowhere).rejects.toMatchObject({ code: "EXPORT_FAILED" });
    expect(existsSync(output)).toBe(false);
  });

  it("refuses what it cannot write before anything is written", async () => {
    await using home = await tempHome();
    const box = await boxed(home);
    const to = (format: ExportFormat, name: string) =>
      exportBox(home.layout, box, { format, output: join(home.folder, name) });
    await expect(to("rootfs", "web")).rejects.toMatchObject({ code: "USAGE" });
    await expect(to("docker", "web.tar.gz")).rejects.toMatchObject({ code: "USAGE" });
    const digest = "a".repeat(64);
    const disk = { digest, sizeBytes: 1, virtualBytes: 1, firmware: "bios", reason: "LVM" } as const;
    const vm = exportBox(home.layout, { ...box, disk }, { format: "oci", output: join(home.folder, "vm") });
    await expect(vm).rejects.toMatchObject({ code: "EXPORT_FAILED" });
    await run(["truncate", "-s", "1", home.layout.layer(box.layers[0]?.digest ?? "")]);
    await expect(to("oci", "web")).rejects.toMatchObject({ code: "LAYER_DAMAGED" });
  });
});
