import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fileKind } from "../../../../src/boxes/file/kind.ts";
import { run } from "../../../../src/system/index.ts";
import { tempHome } from "../../../support/temp-home.ts";

test("what is not read says what it is and how to make something that is", async () => {
  await using home = await tempHome();
  const at = (name: string) => join(home.folder, name);
  await run(["qemu-img", "create", "-q", "-f", "vmdk", at("vmdk"), "8M"]);
  await run(["qemu-img", "create", "-q", "-f", "vdi", at("vdi"), "8M"]);
  await run(["qemu-img", "create", "-q", "-f", "vpc", at("vhd"), "8M"]);
  await writeFile(at("zip"), "PK\u0003\u0004 and so on");
  await writeFile(at("text"), "hello");
  await writeFile(at("empty"), "");
  await run(["sh", "-c", `printf hello | gzip >${at("text.gz")}`]);
  const reasons = {
    ...{ vmdk: /VMware/, vdi: /VirtualBox/, vhd: /Hyper-V/, zip: /zip archive/, text: /none of these/ },
    ...{ empty: /is empty/, "text.gz": /what is packed in it/ },
  };
  for (const [name, reason] of Object.entries(reasons)) {
    await expect(fileKind(at(name), name), name).rejects.toMatchObject({
      code: "BOX_INVALID",
      message: expect.stringMatching(reason),
    });
  }
  await expect(fileKind(at("vmdk"), "x")).rejects.toMatchObject({
    hints: [expect.stringContaining("qemu-img convert -f vmdk"), expect.anything()],
  });
  await expect(fileKind(home.folder, "folder")).rejects.toMatchObject({ message: /no regular file/ });
});
