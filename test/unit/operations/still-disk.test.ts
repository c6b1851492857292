import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { gc } from "../../../src/operations/gc.ts";
import { lockMachine } from "../../../src/operations/lock-machine.ts";
import { stillDisk } from "../../../src/operations/still-disk.ts";
import { fakeLab } from "../../support/fake-lab.ts";

const SILENT = { report: () => {}, title: () => {} };

test("gc leaves the copy to who works on the machine", async () => {
  await using lab = await fakeLab("machines: { web: {} }\n");
  const web = await lab.add("web");
  await writeFile(lab.ctx.layout.machine(web.id).disk, "disk");
  await using _ = await lockMachine(lab.ctx, web.id, SILENT);
  await using copy = await stillDisk(lab.ctx, web, SILENT);
  expect((await gc(lab.ctx, {})).found).toEqual([]);
  expect(existsSync(copy.file)).toBe(true);
});
