import { writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { writeRecord } from "../../../src/machines/index.ts";
import { boxUsers } from "../../../src/operations/box-users.ts";
import { fakeLab } from "../../support/fake-lab.ts";
import { machineRecord } from "../../support/record.ts";

const [BOX, LAYER, KERNEL, OTHER] = ["a", "b", "c", "d"].map((digit) => digit.repeat(64)) as [
  string,
  string,
  string,
  string,
];

test("a machine uses its box, its layers and its box's kernel", async () => {
  await using lab = await fakeLab();
  const { box } = machineRecord();
  const kernel = { digest: KERNEL, version: "6.1" };
  const layers = [{ digest: LAYER, sizeBytes: 1 }];
  await writeRecord(
    lab.ctx.layout,
    machineRecord({ box: { ...box, name: "web", digest: BOX, layers, kernel } }),
  );
  const users = boxUsers(lab.ctx);
  for (const digest of [BOX, LAYER, KERNEL]) expect(await users(digest)).toEqual(["shop/web"]);
  expect(await users(BOX, "web")).toEqual(["shop/web"]);
  expect(await users(BOX, "other")).toEqual([]);
  expect(await users(OTHER)).toEqual([]);
});

test("a machine that cannot be read may use anything", async () => {
  await using lab = await fakeLab();
  const record = machineRecord();
  await writeRecord(lab.ctx.layout, record);
  await writeFile(lab.ctx.layout.machine(record.id).state, "{");
  expect(await boxUsers(lab.ctx)(OTHER, "web")).toEqual([`${record.id} (damaged)`]);
});
