import { rm } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { findInit, lookUp, readText } from "../../../../src/boxes/layer/index.ts";
import { tempHome } from "../../../support/temp-home.ts";
import { importBytes, tar } from "./support.ts";

const base = tar(
  { name: "usr/lib", type: "5" },
  { name: "usr/lib/systemd/systemd", mode: 0o755, data: "elf" },
  { name: "usr/sbin/init", type: "2", link: "/lib/systemd/systemd" },
  { name: "lib", type: "2", link: "usr/lib" },
  { name: "sbin", type: "2", link: "usr/sbin" },
  { name: "etc/passwd", data: "root:x:0:0\n", uid: 3, gid: 4, mode: 0o640 },
  { name: "etc/gone", data: "gone" },
  { name: "etc/dir/inside", data: "inside" },
  { name: "up/link", type: "2", link: "../../../etc/./passwd" },
  { name: "loop", type: "2", link: "loop" },
  { name: "dangling", type: "2", link: "nowhere/at/all" },
  { name: "device", type: "3", major: 1, minor: 3 },
);
const upper = tar(
  { name: "etc/.wh.gone" },
  { name: "etc/dir/.wh..wh..opq" },
  { name: "etc/dir/new", data: "ünew" },
  { name: "up", data: "no directory any more" },
);

describe("lookUp and readText", () => {
  it("look through whiteouts, opaque directories and links", async () => {
    await using home = await tempHome();
    const one = await importBytes(home.layout, base);
    const both = [one, await importBytes(home.layout, upper, [one])];
    const text = (path: string, layers = both) => readText(home.layout, layers, path);
    expect(await lookUp(home.layout, both, "/etc/passwd")).toEqual({
      type: "file",
      mode: 0o640,
      uid: 3,
      gid: 4,
    });
    expect(await lookUp(home.layout, both, "/")).toMatchObject({ type: "directory" });
    expect(await lookUp(home.layout, both, "/device")).toMatchObject({ type: "other" });
    expect(await text("/up/link", [one])).toBe("root:x:0:0\n");
    expect(await text("/etc/gone", [one])).toBe("gone");
    expect(await text("/etc/dir/new")).toBe("ünew");
    expect(await text("lib/systemd/../systemd/systemd")).toBe("elf");
    for (const path of [
      "/etc/gone",
      "/etc/dir/inside",
      "/up/link",
      "/loop",
      "/dangling",
      "/etc/passwd/x",
      "/etc",
    ]) {
      expect([path, await text(path)]).toEqual([path, undefined]);
    }
  });

  it("find an init that can be started", async () => {
    await using home = await tempHome();
    const one = await importBytes(home.layout, base);
    expect(await findInit(home.layout, [one])).toBe("/sbin/init");
    const without = await importBytes(home.layout, tar({ name: "usr/lib/systemd/.wh.systemd" }), [one]);
    expect(await findInit(home.layout, [one, without])).toBeUndefined();
    const dead = await importBytes(home.layout, tar({ name: "usr/lib/systemd/systemd", mode: 0o644 }), [one]);
    expect(await findInit(home.layout, [one, dead])).toBeUndefined();
  });

  it("tell of a layer that is gone", async () => {
    await using home = await tempHome();
    const one = await importBytes(home.layout, base);
    await rm(home.layout.layer(one.digest));
    await expect(lookUp(home.layout, [one], "/")).rejects.toMatchObject({ code: "LAYER_DAMAGED" });
  });
});
