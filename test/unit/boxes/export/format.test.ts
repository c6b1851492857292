import { describe, expect, it } from "vitest";
import { formatOf, packingOf, requireFormat } from "../../../../src/boxes/export/format.ts";
import { exportReference } from "../../../../src/boxes/export/reference.ts";

describe("formatOf", () => {
  it.each([
    ["/srv/web", "oci"],
    ["/srv/web-1.2", "oci"],
    ["/srv/web.box", "vagrant"],
    ["/srv/web.tar.gz", "rootfs"],
    ["/srv/web.tgz", "rootfs"],
    ["/srv/web.tar.zst", "rootfs"],
    ["/srv/web.tar.xz", "rootfs"],
  ])("%s is %s", (output, format) => expect(formatOf(output)).toBe(format));

  it("asks for the format where the name may mean several, or nothing", () => {
    expect(() => formatOf("/srv/web.tar")).toThrow(/may be an OCI layout, a `docker load` archive/);
    expect(() => formatOf("/srv/web.zip")).toThrow(/may be anything/);
    expect(() => requireFormat("zip")).toThrow(/`zip` is no format/);
    expect(requireFormat("docker")).toBe("docker");
    expect(packingOf("/srv/web")).toBeUndefined();
  });
});

describe("exportReference", () => {
  it.each([
    ["debian/12", "debian:12"],
    ["team/web/v1.2-rc1", "team/web:v1.2-rc1"],
    ["shop/web", "shop/web:latest"],
    ["web", "web:latest"],
    ["12", "12:latest"],
    ["localhost:5000/app/stable-slim", "localhost:5000/app:stable-slim"],
    [`docker.io/library/nginx@sha256/${"a".repeat(64)}`, "docker.io/library/nginx:latest"],
  ])("%s is loaded as %s", (name, full) => expect(exportReference({ name }).full).toBe(full));

  it("is the name that the image was pulled by", () => {
    const source = { manifest: "sha256:x", platform: "linux/amd64" };
    const pulled = (image: string) => exportReference({ name: "mine", source: { ...source, image } });
    expect(pulled("docker.io/library/nginx:1.27")).toEqual({
      full: "docker.io/library/nginx:1.27",
      tag: "1.27",
    });
    expect(pulled("localhost:5000/app@sha256:abc").full).toBe("localhost:5000/app:latest");
  });
});
