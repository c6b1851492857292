import { join } from "node:path";
import { expect, test } from "vitest";
import { contentOf } from "../../../../src/boxes/file/content.ts";
import { readText } from "../../../../src/boxes/layer/index.ts";
import { run } from "../../../../src/system/index.ts";
import { makeDisk, plant, SYSTEM, toQcow2 } from "../../../support/disks.ts";
import { tempHome } from "../../../support/temp-home.ts";

test("a compressed disk of either format is read like any other", async () => {
  await using home = await tempHome();
  const at = (name: string) => join(home.folder, name);
  const tree = await home.sub("tree");
  await plant(tree, SYSTEM);
  await makeDisk(at("raw"), "gpt", [{ fs: "ext4", sizeMiB: 8, tree }]);
  await toQcow2(at("raw"), at("qcow2"));
  for (const [file, tool] of [
    ["raw", "zstd"],
    ["qcow2", "gzip"],
  ] as const) {
    await run(["sh", "-c", `${tool} -c ${at(file)} >${at(`${file}.packed`)}`]);
    const scratch = await home.sub(`scratch-${file}`);
    const path = at(`${file}.packed`);
    const content = await contentOf(home.layout, { path, title: file, kind: "packed-disk", scratch });
    expect(content).toMatchObject({ init: "/sbin/init", user: "bothy" });
    expect(await readText(home.layout, content.layers, "/etc/os-release")).toBe("ID=fake\n");
  }
});

test("what is no box by itself is none", async () => {
  await using home = await tempHome();
  const request = { path: "/dev/null", title: "web", scratch: home.folder };
  await expect(contentOf(home.layout, { ...request, kind: "catalog" })).rejects.toMatchObject({
    code: "BOX_INVALID",
  });
});
