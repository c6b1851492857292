import { expect, test } from "vitest";
import { hostArchitecture } from "../../../../src/boxes/vagrant/architecture.ts";
import { chooseBox, parseCatalog } from "../../../../src/boxes/vagrant/catalog.ts";
import { parseChecksum } from "../../../../src/boxes/vagrant/checksum.ts";

const BASE = "https://boxes.example/team/web.json";
const host = hostArchitecture();

function catalog(versions: Record<string, object[]>) {
  const list = Object.entries(versions).map(([version, providers]) => ({
    version,
    status: "active",
    providers,
  }));
  return parseCatalog(JSON.stringify({ name: "team/web", description: "", versions: list }), BASE);
}
const libvirt = (url: string, more: object = {}) => ({ name: "libvirt", url, ...more });

test("the newest version that meets the constraint and has a provider of ours is chosen", () => {
  const shop = catalog({
    "1.0.0": [libvirt("a.box")],
    "1.10.0": [libvirt("b.box"), { name: "virtualbox", url: "v.box" }],
    "1.9.0": [libvirt("c.box")],
    "2.0.0": [{ name: "virtualbox", url: "v.box" }],
  });
  expect(chooseBox(shop, BASE, {})).toMatchObject({
    ...{ name: "team/web", version: "1.10.0", provider: "libvirt", url: "https://boxes.example/team/b.box" },
  });
  expect(chooseBox(shop, BASE, { version: "~> 1.9.0" }).version).toBe("1.9.0");
  expect(chooseBox(shop, BASE, { version: ">= 1, < 1.9" }).version).toBe("1.0.0");
});

test("libvirt is preferred to lxc, and one may ask for either", () => {
  const both = catalog({ "1": [{ name: "lxc", url: "lxc.box" }, libvirt("vm.box")] });
  expect(chooseBox(both, BASE, {}).provider).toBe("libvirt");
  expect(chooseBox(both, BASE, { provider: "lxc" }).provider).toBe("lxc");
});

test("this host's architecture is chosen, then a box of before there were any, then the default of unknown", () => {
  const other = libvirt("other.box", { architecture: "s390x", default_architecture: true });
  const own = libvirt("own.box", { architecture: host });
  const old = libvirt("old.box");
  const legacy = libvirt("legacy.box", { architecture: "unknown", default_architecture: true });
  const choose = (...providers: object[]) =>
    chooseBox(catalog({ "1": providers }), BASE, {})
      .url.split("/")
      .at(-1);
  expect(choose(other, old, own)).toBe("own.box");
  expect(choose(other, legacy, old)).toBe("old.box");
  expect(choose(other, legacy)).toBe("legacy.box");
  expect(() => choose(other)).toThrowError(/no box for the provider libvirt or lxc on/);
  expect(chooseBox(catalog({ "1": [other, own] }), BASE, { architecture: "s390x" }).url).toMatch(
    /other\.box$/,
  );
});

test("what is not there is said, with what there is", () => {
  const shop = catalog({ "1.0": [libvirt("a.box")], "2.0": [{ name: "virtualbox", url: "v.box" }] });
  expect(() => chooseBox(shop, BASE, { version: "> 3" })).toThrowError(
    expect.objectContaining({ code: "BOX_INVALID", hints: ["there are: 1.0, 2.0"] }),
  );
  expect(() => chooseBox(shop, BASE, { version: "2.0" })).toThrowError(
    expect.objectContaining({ hints: ["there are: 2.0 for virtualbox"] }),
  );
});

test("a box's URL may be relative to the catalog, or a path of this host", () => {
  const url = (of: string, base: string) => chooseBox(catalog({ "1": [libvirt(of)] }), base, {}).url;
  expect(url("https://cdn.example/x.box", BASE)).toBe("https://cdn.example/x.box");
  expect(url("/files/x.box", BASE)).toBe("https://boxes.example/files/x.box");
  expect(url("x.box", "/srv/boxes/web.json")).toBe("file:///srv/boxes/x.box");
  expect(url("/mnt/x y.box", "/srv/boxes/web.json")).toBe("file:///mnt/x%20y.box");
  expect(url("file:///mnt/x.box", "/srv/boxes/web.json")).toBe("file:///mnt/x.box");
});

test("checksums of every kind are taken, and others are named", () => {
  const hex = { md5: 32, sha1: 40, sha256: 64, sha384: 96, sha512: 128 };
  for (const [algorithm, length] of Object.entries(hex)) {
    expect(parseChecksum("AB".repeat(length / 2), algorithm)).toEqual({
      algorithm,
      hex: "ab".repeat(length / 2),
    });
    expect(parseChecksum("0".repeat(length))).toMatchObject({ algorithm });
  }
  expect(() => parseChecksum("00", "crc32")).toThrowError(expect.objectContaining({ code: "USAGE" }));
  const bad = catalog({ "1": [libvirt("a.box", { checksum: "12", checksum_type: "sha256" })] });
  expect(() => chooseBox(bad, BASE, {})).toThrowError(/bad checksum for a\.box/);
  const empty = catalog({ "1": [libvirt("a.box", { checksum: "", checksum_type: "" })] });
  expect(chooseBox(empty, BASE, {}).checksum).toBeUndefined();
});

test("what is no catalog says what is wrong", () => {
  expect(() => parseCatalog("{", BASE)).toThrowError(/is no catalog of boxes/);
  expect(() => parseCatalog('{"versions": [{"version": 1}, {}]}', BASE)).toThrowError(/versions\.1\.version/);
});
