import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fileKind } from "../../../../src/boxes/file/kind.ts";
import { run } from "../../../../src/system/index.ts";
import { makeBoxFile, makeDisk, plant, SYSTEM } from "../../../support/disks.ts";
import { tempHome } from "../../../support/temp-home.ts";

test("content tells what a file is, whatever it is called", async () => {
  await using home = await tempHome();
  const at = (name: string) => join(home.folder, name);
  const folder = await home.sub("members");
  await writeFile(at("catalog"), '\n {"versions": []}');
  await run(["qemu-img", "create", "-q", "-f", "qcow2", at("image"), "8M"]);
  await makeDisk(at("disk"), "gpt", [{ fs: "none", sizeMiB: 2 }]);
  await makeDisk(at("bare"), "none", [{ fs: "ext4", sizeMiB: 4 }]);
  await run(["xz", "--keep", at("disk")]);
  await run(["gzip", "--keep", at("image")]);
  await writeFile(join(folder, "box.img"), "x");
  await makeBoxFile(at("box"), folder, { provider: "libvirt" }, ["./box.img"]);
  await makeBoxFile(at("bare-box"), await home.sub("nothing"), undefined, []);
  const tree = await home.sub("tree");
  await plant(tree, SYSTEM);
  for (let index = 0; index < 100; index++) await writeFile(join(tree, `etc/${index}`), "");
  await run(["tar", "-C", tree, "-cf", at("tarball"), "."]);
  await run(["tar", "-C", tree, "--zstd", "-cf", at("packed"), "."]);
  await mkdir(at("layout"));
  await writeFile(at("layout/oci-layout"), "{}");
  await run(["tar", "-C", at("layout"), "-cf", at("archive"), "oci-layout"]);
  const kinds = {
    ...{ catalog: "catalog", image: "qcow2", disk: "raw", bare: "raw", "disk.xz": "packed-disk" },
    ...{ "image.gz": "packed-disk", box: "box", "bare-box": "box", tarball: "tarball", packed: "tarball" },
    archive: "image",
  };
  for (const [name, kind] of Object.entries(kinds)) expect(await fileKind(at(name), name), name).toBe(kind);
});
