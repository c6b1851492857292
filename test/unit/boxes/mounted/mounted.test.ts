import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { resolveLayers } from "../../../../src/boxes/index.ts";
import { layerSteps } from "../../../../src/boxes/mounted/layers.ts";
import { mounted } from "../../../../src/boxes/mounted/mounted.ts";
import { BothyError } from "../../../../src/errors.ts";
import { asset, loopDevicesOf } from "../../../../src/system/index.ts";
import { scriptedBox } from "../../../support/scripted-box.ts";
import { sourceProgram } from "../../../support/source-process.ts";
import { mountsBelow, tempHome } from "../../../support/temp-home.ts";

describe("mounted", () => {
  it("shows layers and what they make together, to us alone and only for a while", async () => {
    await using home = await tempHome();
    const box = await scriptedBox(home.layout, "two", ["echo 1 >a; echo 1 >b", "echo 2 >b; echo 2 >c"]);
    const layers = await resolveLayers(home.layout, box);
    let folder = "";
    {
      await using mounts = await mounted(home.layout, layerSteps(layers));
      folder = mounts.folder;
      const names = await Promise.all(["0", "1", "merged"].map((name) => readdir(join(folder, name))));
      expect(names).toEqual([
        ["a", "b"],
        ["b", "c"],
        ["a", "b", "c"],
      ]);
      expect(await readFile(join(folder, "merged/b"), "utf8")).toBe("2\n");
      expect(await mountsBelow(home.folder)).toEqual([]);
      expect((await mounts.run(["ls"])).stdout).toBe("0\n1\nmerged\nnone\n");
    }
    expect(existsSync(folder)).toBe(false);
    expect(await readdir(home.layout.boxes())).toEqual(["two.json"]);
    for (const layer of layers) expect(await loopDevicesOf(layer.path)).toEqual([]);
  });

  it("says which step failed and leaves nothing", async () => {
    await using home = await tempHome();
    const steps = [
      ["mkdir", "a"],
      ["mount", "-t", "ext4", "-o", "loop", "/etc/hostname", "a"],
    ];
    await expect(mounted(home.layout, steps)).rejects.toMatchObject({
      code: "FAILED",
      message: /cannot mount: /,
    });
    const explain = (said: string) => new BothyError("EXPORT_FAILED", `why: ${said}`);
    await expect(mounted(home.layout, steps, { explain })).rejects.toMatchObject({ code: "EXPORT_FAILED" });
    const signal = AbortSignal.abort();
    await expect(mounted(home.layout, [["sleep", "60"]], { signal })).rejects.toMatchObject({
      code: "INTERRUPTED",
    });
    expect(await loopDevicesOf("/etc/hostname")).toEqual([]);
  });

  it("ends with the process that asked for it, whatever ended that", async () => {
    await using home = await tempHome();
    const box = await scriptedBox(home.layout, "one", ["echo 1 >a"]);
    const [layer] = await resolveLayers(home.layout, box);
    await using place = await programFolder();
    const start = await sourceProgram(
      place.folder,
      `import { layerSteps, mounted } from "./src/boxes/mounted/index.ts";
       import { layout } from "./src/system/index.ts";
       await mounted(layout(), layerSteps([${JSON.stringify(layer)}]));
       console.log("there");
       setInterval(() => {}, 1000);`,
    );
    await using program = start();
    expect(await program.line()).toBe("there");
    expect(await loopDevicesOf(layer?.path ?? "")).toHaveLength(1);
    program.kill("SIGKILL");
    await expect.poll(() => loopDevicesOf(layer?.path ?? ""), { timeout: 10_000 }).toEqual([]);
  });
});

/** A folder from which a program finds our packages. */
async function programFolder() {
  const folder = await mkdtemp(asset("node_modules", ".bothy-t-"));
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}
