import { expect, test } from "vitest";
import { compareKernels, moduleName, moduleNames } from "../../../../src/boxes/disk/kernel-names.ts";

test("kernels are ordered as people count", () => {
  const versions = ["6.1.0-10-amd64", "6.1.0-9-amd64", "5.15.0-100-generic", "6.12.1"];
  expect(versions.sort(compareKernels)).toEqual([
    ...["5.15.0-100-generic", "6.1.0-9-amd64", "6.1.0-10-amd64", "6.12.1"],
  ]);
});

test("modules have one name, whatever they are packed with", () => {
  expect(["kernel/fs/ext4/ext4.ko", "kernel/virtio-rng.ko.xz", "a/b.ko.zst"].map(moduleName)).toEqual([
    ...["ext4", "virtio_rng", "b"],
  ]);
  expect([...moduleNames("kernel/a-b.ko.gz: kernel/c.ko\n\nkernel/d.ko\n")]).toEqual(["a_b", "d"]);
});
