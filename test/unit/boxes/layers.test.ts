import { chmod, copyFile, readFile, rm, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { resolveLayers, verifyBox } from "../../../src/boxes/index.ts";
import { tempHome } from "../../support/temp-home.ts";
import { putBox } from "./support.ts";

/** Changes a byte in the middle and nothing else. */
async function alter(path: string): Promise<void> {
  const bytes = await readFile(path);
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  await chmod(path, 0o644);
  await writeFile(path, bytes);
  await chmod(path, 0o444);
}

describe("resolveLayers", () => {
  it("gives the files, bottom first, readable by everybody and writable by nobody", async () => {
    await using home = await tempHome();
    const box = await putBox(home.layout, "web", ["bottom", "top"]);
    const files = await resolveLayers(home.layout, box);
    expect(files.map(({ digest }) => digest)).toEqual(box.layers.map(({ digest }) => digest));
    for (const { path } of files) expect((await stat(path)).mode & 0o777).toBe(0o444);
    expect((await stat(home.layout.layers())).mode & 0o777).toBe(0o755);
  });

  it("names a layer that is missing, cut or altered, and the cure", async () => {
    await using home = await tempHome();
    const box = await putBox(home.layout, "web", ["bottom", "top"]);
    const top = home.layout.layer(box.layers[1]?.digest ?? "");
    const failure = (words: string) => ({
      code: "LAYER_DAMAGED",
      message: expect.stringContaining(words),
      hints: ["bothy box verify --repair web", "restore the file, or make the machine anew"],
    });
    await alter(top);
    await expect(resolveLayers(home.layout, box)).rejects.toMatchObject(failure("has changed"));
    await truncate(top, 100);
    await expect(resolveLayers(home.layout, box)).rejects.toMatchObject(failure("100 bytes instead of"));
    await rm(top);
    await expect(resolveLayers(home.layout, box)).rejects.toMatchObject(failure(`${top} is missing`));
  });

  it("names the build as a cure of a recipe's box", async () => {
    await using home = await tempHome();
    const box = await putBox(home.layout, "debian/12", ["bottom"]);
    await rm(home.layout.layer(box.layers[0]?.digest ?? ""));
    const hints = expect.arrayContaining(["bothy box build --force debian/12"]);
    await expect(resolveLayers(home.layout, box)).rejects.toMatchObject({ hints });
  });

  it("accepts a copy of a sound layer and seals it again", async () => {
    await using home = await tempHome();
    const box = await putBox(home.layout, "web", ["a"]);
    const path = home.layout.layer(box.layers[0]?.digest ?? "");
    await copyFile(path, `${path}.copy`);
    await rm(path);
    await copyFile(`${path}.copy`, path);
    await utimes(path, 1000, 1000);
    await resolveLayers(home.layout, box);
    expect((await stat(path)).mtimeMs).toBe(0);
  });
});

describe("verifyBox", () => {
  it("finds nothing wrong with a sound box", async () => {
    await using home = await tempHome();
    expect(await verifyBox(home.layout, await putBox(home.layout, "web", ["a", "b"]))).toEqual([]);
  });

  it("reads every byte, also behind an intact seal", async () => {
    await using home = await tempHome();
    const box = await putBox(home.layout, "web", ["a", "b"]);
    const path = home.layout.layer(box.layers[0]?.digest ?? "");
    await alter(path);
    await utimes(path, 0, 0);
    expect(await verifyBox(home.layout, box)).toEqual([`the content of ${path} has changed`]);
  });
});
