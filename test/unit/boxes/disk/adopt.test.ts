import { expect, test } from "vitest";
import { adopt } from "../../../../src/boxes/disk/adopt.ts";
import { importTree, lookUp } from "../../../../src/boxes/layer/index.ts";
import { plant, SYSTEM } from "../../../support/disks.ts";
import { type TempHome, tempHome } from "../../../support/temp-home.ts";

async function adopted(home: TempHome, files: Record<string, string>) {
  const tree = await home.sub("tree");
  await plant(tree, files);
  const base = await importTree(home.layout, tree);
  const scratch = await home.sub("scratch");
  return { base, content: await adopt(home.layout, base, { user: "me", scratch }) };
}

test("a tree without an init stays as it is", async () => {
  await using home = await tempHome();
  const { content, base } = await adopted(home, { "etc/fstab": "/dev/sda1 / ext4\n", "bin/sh": "#!" });
  expect(content).toEqual({ layers: [base], user: "me", environment: {}, labels: {} });
});

test("what is removed does not show through the small layer", async () => {
  await using home = await tempHome();
  const { content, base } = await adopted(home, {
    ...SYSTEM,
    "etc/netplan/a.yaml": "",
    "etc/netplan/b.conf": "",
  });
  expect([content.init, content.layers[0]]).toEqual(["/sbin/init", base]);
  expect(await lookUp(home.layout, content.layers, "/etc/netplan/a.yaml")).toBeUndefined();
  expect(await lookUp(home.layout, content.layers, "/etc/netplan/b.conf")).toBeDefined();
  expect(await lookUp(home.layout, content.layers, "/etc/passwd")).toBeDefined();
});
