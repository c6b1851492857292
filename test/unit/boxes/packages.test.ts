import { describe, expect, test } from "vitest";
import { aptState, resolvePackages, resolvePointer } from "../../../src/boxes/packages.ts";

/** These ask the host's own apt, as the builds do; nothing is downloaded. */
describe("packages", () => {
  test("aptState is the same while nothing changes", async () => {
    expect(await aptState()).toBe(await aptState());
  });

  test("resolvePackages gives one file with its hash for each name, sorted", async () => {
    const packages = await resolvePackages(["zlib1g", "busybox-static"]);
    expect(packages.map((entry) => entry.name)).toEqual(["busybox-static", "zlib1g"]);
    for (const { file, sha256 } of packages) {
      expect(file).toMatch(/^[a-z0-9-]+_\S+_amd64\.deb$/);
      expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    }
  });

  test("resolvePackages names what apt does not know", async () => {
    await expect(resolvePackages(["no-such-package-at-all"])).rejects.toMatchObject({
      code: "BOX_BUILD_FAILED",
      hints: expect.arrayContaining(["apt-get update"]),
    });
  });

  test("resolvePointer finds the kernel behind its pointer", async () => {
    const name = await resolvePointer("linux-image-cloud-amd64", /^linux-image-\d/);
    expect(name).toMatch(/^linux-image-\d+\.\d+.*-cloud-amd64$/);
  });
});
