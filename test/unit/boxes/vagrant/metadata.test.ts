import { expect, test } from "vitest";
import { memberName, parseMetadata } from "../../../../src/boxes/vagrant/metadata.ts";

const read = (value: unknown) =>
  parseMetadata(typeof value === "string" ? value : JSON.stringify(value), "web.box");

test("both of libvirt's formats and lxc's are read", () => {
  expect(read({ provider: "libvirt", format: "qcow2", virtual_size: 16 })).toEqual({
    ...{ provider: "libvirt", disks: ["box.img"] },
  });
  const disks = [{ path: "./disk1.img" }, { path: "disk2.img", name: "data" }];
  expect(read({ provider: "libvirt", format: "qcow2", disks })).toEqual({
    ...{ provider: "libvirt", disks: ["disk1.img", "disk2.img"] },
  });
  expect(read({ provider: "libvirt", disks: [], format: "qcow2", virtual_size: "8" })).toMatchObject({
    disks: ["box.img"],
  });
  expect(read({ provider: "lxc", version: "1.0.0" })).toEqual({ provider: "lxc" });
});

test.each([
  ["{", /its metadata\.json cannot be read/],
  [{}, /provider/],
  [{ provider: "libvirt", format: "qcow2" }, /virtual_size/],
  [{ provider: "libvirt", format: "vmdk", virtual_size: 1 }, /`vmdk`, not qcow2/],
  [{ provider: "libvirt", disks: [{ name: "a" }] }, /disks\.0\.path/],
  [
    {
      provider: "libvirt",
      disks: [
        { path: "a", name: "x" },
        { path: "b", name: "x" },
      ],
    },
    /called `x`/,
  ],
  [{ provider: "libvirt", disks: [{ path: "a" }, { path: "./a" }] }, /called `a`/],
  [{ provider: "lxc", architecture: "s390x" }, /it is for s390x, and this host is/],
  [{ provider: "virtualbox" }, /for the provider `virtualbox`/],
])("%j is no box of ours", (value, message) => {
  expect(() => read(value)).toThrowError(message);
  expect(() => read(value)).toThrowError(expect.objectContaining({ code: "BOX_INVALID" }));
});

test("members are known with and without ./", () => {
  expect(["./box.img", "box.img", ".//box.img", "a/./b"].map(memberName)).toEqual([
    ...["box.img", "box.img", "box.img", "a/./b"],
  ]);
});
