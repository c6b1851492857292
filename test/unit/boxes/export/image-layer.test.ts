import { createWriteStream } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { describe, expect, it } from "vitest";
import { imageLayer } from "../../../../src/boxes/export/image-layer.ts";
import { treeTar } from "../../../../src/boxes/export/tree-tar.ts";
import { run } from "../../../../src/system/index.ts";
import { tempHome } from "../../../support/temp-home.ts";

const LONG = "l".repeat(120);

/** The tar of an image layer of what a script makes, as GNU tar lists it and unpacks it. */
async function layerOf(script: string) {
  const home = await tempHome();
  const [tree, out] = [await home.sub("tree"), await home.sub("out")];
  await run(["sh", "-euc", script], { cwd: tree });
  const tar = treeTar(tree);
  const file = join(home.folder, "layer.tar");
  await Promise.all([pipeline(tar.stream, imageLayer, createWriteStream(file)), tar.done]);
  const unpacked = ["--xattrs", "--xattrs-include=*", "-C", out];
  await run(["tar", "-xf", file, ...unpacked]);
  const { stdout } = await run(["tar", "-tf", file]);
  return { ...home, out, names: stdout.trim().split("\n"), [Symbol.asyncDispose]: home[Symbol.asyncDispose] };
}

describe("imageLayer", () => {
  it("turns deleted names into empty files that say so, however long the name", async () => {
    await using layer = await layerOf(`
      mkdir -p a/${LONG}; mknod a/gone c 0 0; mknod a/${LONG}/x c 0 0; mknod top c 0 0; mknod null c 1 3; mknod ü c 0 0`);
    expect(layer.names).toEqual(expect.arrayContaining(["a/.wh.gone", `a/${LONG}/.wh.x`, ".wh.top", "null"]));
    expect(layer.names).not.toContain("a/gone");
    const found = await run(["stat", "-c", "%F %a %s", "a/.wh.gone", "null", ".wh.ü"], { cwd: layer.out });
    expect(found.stdout).toBe(
      "regular empty file 644 0\ncharacter special file 644 0\nregular empty file 644 0\n",
    );
  });

  it("marks a folder that hides what is below, and takes overlayfs's marks off", async () => {
    await using layer = await layerOf(`
      mkdir -p opaque/in merged; echo x >merged/file
      setfattr -n user.overlay.opaque -v y opaque; setfattr -n user.overlay.origin -v 0x00fb merged/file
      setfattr -n user.kept -v "$(printf 'a=b\\nc')" opaque`);
    expect(layer.names.slice(-3)).toEqual(["opaque/", "opaque/.wh..wh..opq", "opaque/in/"]);
    const { stdout } = await run(["getfattr", "-R", "-m", "-", "-d", "-e", "hex", "."], { cwd: layer.out });
    expect(stdout.trim()).toBe("# file: opaque\nuser.kept=0x613d620a63");
  });

  it("keeps everything else as it is: links, owners, modes, times, capabilities, devices", async () => {
    await using layer = await layerOf(`
      echo one >a; ln a b; ln -s /nowhere c; mkfifo d; mkdir -m 2755 e; chown 12:34 e; touch -d @1.25 e
      cp /bin/true f; setcap cap_chown=ep f; chmod 4755 a; head -c 70000 /dev/zero >g`);
    const { stdout } = await run(["find", ".", "-mindepth", "1", "-printf", "%y %m %n %s %U:%G %P>%l\n"], {
      cwd: layer.out,
    });
    const lines = stdout.trim().split("\n").sort();
    expect(
      lines.map((line) => line.replace(/^(d \S+ \S+) \S+/, "$1").replace(/^(f 755 1) \S+/, "$1")),
    ).toEqual([
      "d 2755 2 12:34 e>",
      "f 4755 2 4 0:0 a>",
      "f 4755 2 4 0:0 b>",
      "f 644 1 70000 0:0 g>",
      "f 755 1 0:0 f>",
      "l 777 1 8 0:0 c>/nowhere",
      "p 644 1 0 0:0 d>",
    ]);
    expect((await run(["stat", "-c", "%.2Y", "e"], { cwd: layer.out })).stdout).toBe("1.25\n");
    expect((await run(["getcap", "f"], { cwd: layer.out })).stdout).toBe("f cap_chown=ep\n");
  });

  it("refuses a file whose name means a deletion, and an archive that was cut", async () => {
    await expect(layerOf("mkdir a; touch a/.wh.x")).rejects.toMatchObject({
      code: "EXPORT_FAILED",
      message: expect.stringContaining("a/.wh.x"),
    });
    await using home = await tempHome();
    await mkdir(join(home.folder, "tree"));
    await writeFile(join(home.folder, "tree/file"), Buffer.alloc(100_000));
    const tar = treeTar(join(home.folder, "tree"));
    const all = Buffer.concat(await tar.stream.toArray());
    const cut = async function* () {
      yield all.subarray(0, 50_000);
    };
    const read = async () => {
      for await (const _ of imageLayer(cut()));
    };
    await expect(read()).rejects.toMatchObject({ code: "EXPORT_FAILED" });
  });
});
