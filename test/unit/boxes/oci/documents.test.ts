import { describe, expect, it } from "vitest";
import {
  kindOfMediaType,
  parseImageConfig,
  parseIndex,
  parseManifest,
} from "../../../../src/boxes/oci/documents.ts";

const digest = `sha256:${"a".repeat(64)}`;
const oci = (name: string) => `application/vnd.oci.image.${name}`;
const layer = { mediaType: oci("layer.v1.tar+gzip"), digest, size: 3 };
const config = { mediaType: oci("config.v1+json"), digest, size: 2 };
const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));
const refused = (message: RegExp) =>
  expect.objectContaining({ code: "IMAGE_INVALID", message: expect.stringMatching(message) });

describe("documents of an image", () => {
  it("are read, unknown keys and nulls and all", () => {
    const manifest = { schemaVersion: 2, config, layers: [layer], annotations: null, extra: 1 };
    expect(parseManifest(bytes(manifest), "app")).toMatchObject({ config, layers: [layer] });
    expect(parseIndex(bytes({ schemaVersion: 2, manifests: [] }), "app").manifests).toEqual([]);
    const image = {
      os: "linux",
      architecture: "amd64",
      config: null,
      rootfs: { type: "layers", diff_ids: [digest] },
    };
    expect(parseImageConfig(bytes(image), [layer], "app").architecture).toBe("amd64");
  });

  it.each([
    ["no JSON", Buffer.from("<html>"), /manifest is no JSON/],
    ["version 1", bytes({ schemaVersion: 1 }), /schemaVersion/],
    [
      "a digest of another algorithm",
      bytes({ schemaVersion: 2, config: { ...config, digest: "md5:00" }, layers: [] }),
      /config\.digest/,
    ],
    [
      "an artifact",
      bytes({ schemaVersion: 2, config: { ...config, mediaType: "application/vnd.helm+json" }, layers: [] }),
      /artifact: application\/vnd\.helm/,
    ],
    [
      "an artifact with a type",
      bytes({
        schemaVersion: 2,
        artifactType: "text/sbom",
        config: { ...config, mediaType: oci("empty") },
        layers: [],
      }),
      /artifact: text\/sbom/,
    ],
    [
      "a layer of an unknown type",
      bytes({ schemaVersion: 2, config, layers: [{ ...layer, mediaType: "a/b" }] }),
      /a\/b/,
    ],
  ])("a manifest that is %s is refused", (_, content, message) => {
    expect(() => parseManifest(content, "app")).toThrow(refused(message));
  });

  it("a configuration for another number of layers is refused", () => {
    const image = { os: "linux", architecture: "amd64", rootfs: { type: "layers", diff_ids: [] } };
    expect(() => parseImageConfig(bytes(image), [layer], "app")).toThrow(refused(/0 layers and there are 1/));
  });
});

it("tells indexes from manifests, of OCI and of Docker", () => {
  expect(kindOfMediaType(oci("index.v1+json"))).toBe("index");
  expect(kindOfMediaType("application/vnd.docker.distribution.manifest.list.v2+json")).toBe("index");
  expect(kindOfMediaType("application/vnd.docker.distribution.manifest.v2+json")).toBe("manifest");
  expect(kindOfMediaType("text/html")).toBeUndefined();
  expect(kindOfMediaType(null)).toBeUndefined();
});
