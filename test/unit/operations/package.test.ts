import { readdir, rm } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { findBox } from "../../../src/boxes/index.ts";
import { BothyError } from "../../../src/errors.ts";
import { writeRecord } from "../../../src/machines/index.ts";
import { exportBoxes } from "../../../src/operations/box-export.ts";
import { packageMachine } from "../../../src/operations/package.ts";
import { stillDisk } from "../../../src/operations/still-disk.ts";
import type { Freezable } from "../../../src/providers/freezable.ts";
import { run } from "../../../src/system/index.ts";
import { scriptedDisk } from "../../support/data-disk.ts";
import { type FakeLab, fakeLab } from "../../support/fake-lab.ts";
import { scriptedBox } from "../../support/scripted-box.ts";

const ONE = "machines: { web: {} }\n";

/** A stopped machine on a real box, whose disk has what a script made. */
async function realMachine(lab: FakeLab, script: string, running = false) {
  const { layout } = lab.ctx;
  const box = await scriptedBox(layout, "base", ["mkdir etc; echo old >etc/issue"], {
    entrypoint: ["/entry"],
    environment: { A: "b" },
    labels: { from: "base" },
  });
  const record = await lab.add("web", { running });
  const { layers, digest, entrypoint, environment } = box;
  const standing = { name: "base", digest, layers, entrypoint, environment, user: "me" };
  await writeRecord(layout, { ...record, box: standing });
  const { folder, disk } = layout.machine(record.id);
  await rm(disk);
  await scriptedDisk(folder, script);
  await rm(`${folder}/mnt`, { recursive: true });
  return record;
}

describe("package", () => {
  it("makes a box of the machine's box and what it wrote", async () => {
    await using lab = await fakeLab(ONE);
    await realMachine(lab, "mkdir upper/etc; echo new >upper/etc/issue");
    const made = await packageMachine(lab.ctx, {});
    expect(made).toMatchObject({ name: "shop/web", kind: "machine", output: null });
    const box = await findBox(lab.ctx.layout, "shop/web");
    expect(box).toMatchObject({
      source: { machine: "shop/web", base: "base" },
      entrypoint: ["/entry"],
      environment: { A: "b" },
      labels: { from: "base" },
      user: "me",
      history: [{ createdBy: "bothy package shop/web" }],
    });
    expect(box?.layers).toHaveLength(2);
    expect(lab.ctx.reporter.lines("title")).toEqual(["web is packaged as shop/web"]);

    await expect(packageMachine(lab.ctx, {})).rejects.toMatchObject({ code: "FILE_EXISTS" });
    const output = `${lab.folder}/web.tar`;
    const again = await packageMachine(lab.ctx, {
      machine: "web",
      name: "Team/Web:2",
      output,
      format: "rootfs",
    });
    expect(again).toMatchObject({ name: "team/web/2", output });
    expect((await run(["tar", "-xOf", output, "etc/issue"])).stdout).toBe("new\n");
  });

  it("goes by what is remembered when another box has the name by now", async () => {
    await using lab = await fakeLab(ONE);
    await realMachine(lab, "touch upper/x");
    const { layers } = (await findBox(lab.ctx.layout, "base")) ?? { layers: [] };
    await scriptedBox(lab.ctx.layout, "base", ["touch other"]);
    await packageMachine(lab.ctx, { machine: "web" });
    const box = await findBox(lab.ctx.layout, "shop/web");
    expect(box).toMatchObject({ entrypoint: ["/entry"], labels: {}, user: "me" });
    expect(box?.layers[0]?.digest).toBe(layers[0]?.digest);
  });

  it("holds the disk of one that runs, and refuses where that cannot be", async () => {
    await using lab = await fakeLab(ONE);
    await realMachine(lab, "touch upper/x", true);
    await expect(packageMachine(lab.ctx, {})).rejects.toMatchObject({
      code: "MACHINE_STATE",
      hints: ["bothy halt web"],
    });

    const events: string[] = [];
    const provider = await lab.ctx.providers.get("container");
    const freezable: Freezable = {
      freeze: async (id) => {
        events.push(`freeze ${id.length}`);
        return { [Symbol.asyncDispose]: async () => void events.push("thaw") };
      },
    };
    const providers = { get: async () => ({ ...provider, ...freezable }) };
    await packageMachine({ ...lab.ctx, providers }, {});
    expect(events).toEqual(["freeze 12", "thaw"]);
    expect((await provider.inspect()).size).toBe(1);

    const torn = {
      freeze: async () => ({ [Symbol.asyncDispose]: async () => Promise.reject(new Error("torn")) }),
    };
    const late = { get: async () => ({ ...provider, ...torn }) };
    await expect(packageMachine({ ...lab.ctx, providers: late }, { name: "x" })).rejects.toThrow("torn");
    expect(await findBox(lab.ctx.layout, "x")).toBeUndefined();
  });

  it("refuses a machine that is not there, not whole or never started", async () => {
    await using lab = await fakeLab(ONE);
    await expect(packageMachine(lab.ctx, {})).rejects.toMatchObject({ code: "MACHINE_STATE" });
    const record = await realMachine(lab, "rmdir upper work volumes");
    await expect(packageMachine(lab.ctx, {})).rejects.toMatchObject({ code: "EXPORT_FAILED" });
    await writeRecord(lab.ctx.layout, { ...record, intent: "creating" });
    await expect(packageMachine(lab.ctx, {})).rejects.toMatchObject({ code: "MACHINE_STATE" });
    await writeRecord(lab.ctx.layout, { ...record, box: { ...record.box, layers: [] } });
    await expect(packageMachine(lab.ctx, {})).rejects.toMatchObject({ code: "EXPORT_FAILED" });
  });
});

describe("stillDisk", () => {
  it("copies what is there and takes the copy away again; nobody who is not known to be still is copied", async () => {
    await using lab = await fakeLab(ONE);
    const record = await lab.add("web");
    const progress = { report: () => {}, title: () => {} };
    {
      await using copy = await stillDisk(lab.ctx, record, progress);
      await run(["cmp", copy.file, lab.ctx.layout.machine(record.id).disk]);
    }
    expect(await readdir(lab.ctx.layout.temporary())).toEqual([]);
    lab.backends.container.unreachable = new BothyError("DAEMON_UNREACHABLE", "nobody answers");
    await expect(stillDisk(lab.ctx, record, progress)).rejects.toMatchObject({ code: "MACHINE_STATE" });
  });
});

describe("box export", () => {
  it("writes a box to a path that counts from where the user is", async () => {
    await using lab = await fakeLab(ONE);
    await scriptedBox(lab.ctx.layout, "base", ["mkdir etc; echo old >etc/issue"]);
    const written = await exportBoxes(lab.ctx, { box: "base", output: "base.tar.gz" });
    expect(written).toEqual({ box: "base", format: "rootfs", output: `${lab.folder}/base.tar.gz` });
    await expect(exportBoxes(lab.ctx, { box: "none", output: "x" })).rejects.toMatchObject({
      code: "BOX_UNKNOWN",
    });
    await expect(exportBoxes(lab.ctx, { box: "base", output: "x.tar" })).rejects.toMatchObject({
      code: "USAGE",
    });
  });
});
