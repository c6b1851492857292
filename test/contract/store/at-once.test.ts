import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { findDamage, listBoxes } from "../../../src/boxes/index.ts";
import { addBox } from "../../../src/operations/box-add.ts";
import { pruneBoxes } from "../../../src/operations/box-prune.ts";
import { removeBoxes } from "../../../src/operations/box-remove.ts";
import type { Context } from "../../../src/operations/context.ts";
import { gc } from "../../../src/operations/gc.ts";
import { type FakeLab, fakeLab } from "../../support/fake-lab.ts";
import { writeLayout } from "../../support/oci-layout.ts";
import { runCli } from "../../support/run-cli.ts";

const BASE = [
  { name: "etc/", type: "directory" },
  { name: "etc/base", content: "base".repeat(5000) },
] as const;

/** Layouts that share a layer, to add boxes from. */
async function layouts(lab: FakeLab, count: number): Promise<string[]> {
  const numbers = Array.from({ length: count }, (_, number) => number);
  return Promise.all(
    numbers.map(async (number) => {
      const folder = await lab.home.sub(`layout-${number}`);
      await writeLayout(folder, { layers: [BASE, [{ name: "own", content: `${number}`.repeat(20_000) }]] });
      return folder;
    }),
  );
}

/** Every box has all that it stands on. */
async function expectWhole({ layout }: Context): Promise<void> {
  for (const entry of await listBoxes(layout)) {
    expect(entry).toMatchObject({ state: "ok" });
    if (entry.state === "ok") expect(await findDamage(layout, entry.box)).toEqual([]);
  }
}

/** Nothing is left of what is no box. */
async function expectNothingLeft(lab: FakeLab, names: readonly string[]): Promise<void> {
  const { layout } = lab.ctx;
  await gc(lab.ctx, {});
  const entries = await listBoxes(layout);
  expect(entries.map(({ name }) => name)).toEqual([...names, "debian/12"].sort());
  const digests = entries.flatMap((entry) => (entry.state === "ok" ? entry.box.layers : []));
  const files = (await readdir(layout.layers())).filter((name) => name.endsWith(".erofs"));
  expect(files.sort()).toEqual([...new Set(digests.map(({ digest }) => `${digest}.erofs`))].sort());
  expect(await readdir(layout.temporary()).catch(() => [])).toEqual([]);
}

it("boxes that are added, removed and pruned at once never lose a layer", async () => {
  await using lab = await fakeLab();
  const folders = await layouts(lab, 3);
  const rounds = folders.map(async (folder, index) => {
    for (let round = 0; round < 4; round++) {
      await addBox(lab.ctx, `oci:${folder}:latest`, { name: `box-${index}` });
      if (round < 3) await removeBoxes(lab.ctx, [`box-${index}`]);
      await pruneBoxes(lab.ctx, {});
    }
  });
  await Promise.all(rounds);
  await expectWhole(lab.ctx);
  await expectNothingLeft(lab, ["box-0", "box-1", "box-2"]);
});

it("a process that is killed while it adds or removes leaves a store that works", async () => {
  await using lab = await fakeLab();
  const [first = "", second = ""] = await layouts(lab, 2);
  const { env } = lab.home;
  await addBox(lab.ctx, `oci:${first}:latest`, { name: "kept" });
  const commands = [
    ["add", `oci:${second}:latest`, "--name", "killed"],
    ["remove", "killed"],
  ];
  for (let afterMs = 150; afterMs <= 500; afterMs += 70) {
    for (const argv of commands) {
      await runCli(["box", ...argv], { cwd: lab.folder, env, signals: [[afterMs, "SIGKILL"]] });
      await expectWhole(lab.ctx);
    }
  }
  await addBox(lab.ctx, `oci:${second}:latest`, { name: "killed" });
  await expectWhole(lab.ctx);
  await expectNothingLeft(lab, ["kept", "killed"]);
  expect(await readdir(join(lab.ctx.layout.layerIndex()))).toHaveLength(3);
});
