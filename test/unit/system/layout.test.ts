import { describe, expect, it, vi } from "vitest";
import { layout } from "../../../src/system/index.ts";

describe("layout", () => {
  it("is /var/lib/bothy and /run/bothy by default", () => {
    vi.stubEnv("BOTHY_HOME", undefined);
    vi.stubEnv("BOTHY_RUN", undefined);
    expect(layout()).toMatchObject({ home: "/var/lib/bothy", run: "/run/bothy" });
  });

  it("keeps another store's mounts apart", () => {
    vi.stubEnv("BOTHY_RUN", undefined);
    const [one, other] = [layout("/srv/one"), layout("/srv/other")];
    expect(one.tag).toMatch(/^[0-9a-f]{6}$/);
    expect(one.tag).not.toBe(other.tag);
    expect(one.run).toBe(`/run/bothy/${one.tag}`);
  });

  it("is where the variables say", () => {
    vi.stubEnv("BOTHY_HOME", "/srv/store");
    vi.stubEnv("BOTHY_RUN", "/run/mine");
    expect(layout()).toMatchObject({ home: "/srv/store", run: "/run/mine" });
  });

  it.each(["/srv/store/", "/srv//store", "/srv/x/../store"])("is one and the same store as %s", (home) => {
    vi.stubEnv("BOTHY_RUN", undefined);
    const { home: path, run, tag } = layout(home);
    const same = layout("/srv/store");
    expect({ path, run, tag }).toEqual({ path: same.home, run: same.run, tag: same.tag });
  });

  it("takes a relative folder from where the program was started", () => {
    vi.stubEnv("BOTHY_HOME", "store");
    expect(layout().home).toBe(`${process.cwd()}/store`);
  });

  it("has every path of a project and a machine", () => {
    vi.stubEnv("BOTHY_RUN", "/r");
    const store = layout("/h");
    expect(store.machine("0123456789ab")).toEqual({
      folder: "/h/machines/0123456789ab",
      state: "/h/machines/0123456789ab/machine.json",
      disk: "/h/machines/0123456789ab/disk.img",
      seed: "/h/machines/0123456789ab/seed",
      keys: "/h/machines/0123456789ab/keys",
      console: "/h/machines/0123456789ab/console.log",
      run: "/r/machines/0123456789ab",
    });
    expect(store.project("01234567")).toEqual({
      folder: "/h/projects/01234567",
      state: "/h/projects/01234567/project.json",
      network: "/h/projects/01234567/network.json",
      names: "/r/names/01234567",
    });
    expect([store.layer("d"), store.layerMount("d"), store.box("debian/12")]).toEqual([
      "/h/layers/d.erofs",
      "/r/layers/d",
      "/h/boxes/debian/12.json",
    ]);
  });

  it("makes one file name of every lock's name", () => {
    expect(layout("/h").lock("box-debian/12")).toBe("/h/locks/box-debian-12");
  });
});
