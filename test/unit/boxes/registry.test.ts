import { gzipSync } from "node:zlib";
import { describe, expect, it, vi } from "vitest";
import { newestManifest, openImage } from "../../../src/boxes/registry/index.ts";
import { fakeClock } from "../../support/http-server.ts";
import { digestOf, hostArchitecture } from "../../support/oci-layout.ts";
import { tempHome } from "../../support/temp-home.ts";
import { type Put, refuse, type TinyRegistry, TYPES, tinyRegistry } from "../../support/tiny-registry.ts";

const HOST = `linux/${hostArchitecture()}`;
const OTHER = hostArchitecture() === "amd64" ? "s390x" : "amd64";

/** Opens `app:1` of the registry, or another reference below it. */
async function open(registry: TinyRegistry, name = "app:1", platform?: string) {
  vi.stubEnv("DOCKER_CONFIG", "/nowhere");
  await using home = await tempHome();
  const options = { clock: fakeClock(), ...(platform ? { platform } : {}) };
  await using image = await openImage(home.layout, `${registry.host}/${name}`, options);
  return image;
}

async function newest(registry: TinyRegistry, name = "app:1"): Promise<string> {
  await using home = await tempHome();
  return await newestManifest(home.layout, `${registry.host}/${name}`, { clock: fakeClock() });
}

function index(registry: TinyRegistry, entries: readonly object[], more: object = {}): Put {
  const document = { schemaVersion: 2, mediaType: TYPES.index, manifests: entries, ...more };
  return registry.document(document, { tag: "1" });
}

const at = (put: Put, architecture: string, variant?: string) => ({
  ...{ mediaType: put.mediaType, digest: put.digest, size: put.size },
  platform: { os: "linux", architecture, ...(variant ? { variant } : {}) },
});

describe("openImage", () => {
  it("reads an image by tag and by digest", async () => {
    await using registry = await tinyRegistry();
    const put = registry.image({ tag: "1" });
    expect(await open(registry)).toMatchObject({
      ...{ reference: `${registry.host}/app:1`, manifest: put.digest, platform: HOST, layers: put.layers },
    });
    expect(await open(registry, `app@${put.digest}`)).toMatchObject({ manifest: put.digest });
  });

  it("reads Docker's media types, and what a server that knows none serves", async () => {
    await using registry = await tinyRegistry();
    const docker = "application/vnd.docker";
    const layer = registry.blob(gzipSync("x"), `${docker}.image.rootfs.diff.tar.gzip`);
    const mediaType = `${docker}.distribution.manifest.v2+json`;
    const configType = `${docker}.container.image.v1+json`;
    const put = registry.image({
      tag: "1",
      configType,
      layers: [Buffer.from("x")],
      manifest: { mediaType, layers: [layer] },
    });
    expect((await open(registry)).layers).toEqual([layer]);
    registry.document(
      { schemaVersion: 2, config: put.config, layers: put.layers },
      { tag: "2", mediaType: "text/plain" },
    );
    expect((await open(registry, "app:2")).layers).toEqual(put.layers);
  });

  it("takes a configuration that the manifest carries itself, and verifies it", async () => {
    await using registry = await tinyRegistry();
    const { config, layers } = registry.image({ tag: "1" });
    const rootfs = { type: "layers", diff_ids: [digestOf("a layer")] };
    const content = JSON.stringify({ os: "linux", architecture: hostArchitecture(), config: {}, rootfs });
    const data = Buffer.from(content).toString("base64");
    const carried = { mediaType: TYPES.config, digest: digestOf(content), size: content.length, data };
    registry.document({ schemaVersion: 2, config: carried, layers }, { tag: "2" });
    await open(registry, "app:2");
    expect(registry.asked().some((line) => line.includes("blobs/"))).toBe(false);
    const wrong = Buffer.from("other").toString("base64");
    registry.document({ schemaVersion: 2, config: { ...config, data: wrong }, layers }, { tag: "3" });
    await expect(open(registry, "app:3")).rejects.toMatchObject({ code: "CHECKSUM_MISMATCH" });
  });

  it("reads an image with sha512 digests", async () => {
    await using registry = await tinyRegistry();
    const { config, layers } = registry.image();
    const put = registry.document({ schemaVersion: 2, config, layers }, { algorithm: "sha512", tag: "1" });
    expect((await open(registry, `app@${put.digest}`)).manifest).toBe(put.digest);
    expect((await open(registry)).manifest).toBe(put.digest);
  });

  it("reads images without layers, with custom fields, subjects and annotations", async () => {
    await using registry = await tinyRegistry();
    const manifest = {
      subject: { mediaType: TYPES.manifest, digest: digestOf("gone"), size: 1 },
      custom: { a: [1] },
    };
    registry.image({ tag: "1", layers: [], manifest });
    expect((await open(registry)).layers).toEqual([]);
  });
});

describe("openImage of an index", () => {
  it("takes the first that matches; its digest is the index's", async () => {
    await using registry = await tinyRegistry();
    const [one, two] = [registry.image(), registry.image({ layers: [Buffer.from("other")] })];
    const other = registry.image({ architecture: OTHER });
    const put = index(registry, [
      { mediaType: "application/vnd.unknown+json", digest: digestOf("x"), size: 1, platform: null },
      { ...at(other, "unknown"), platform: { os: "unknown", architecture: "unknown" } },
      ...[at(other, OTHER), at(one, hostArchitecture()), at(two, hostArchitecture())],
    ]);
    expect(await open(registry)).toMatchObject({ manifest: put.digest, platform: HOST, layers: one.layers });
    expect(await open(registry, "app:1", `linux/${OTHER}`)).toMatchObject({ platform: `linux/${OTHER}` });
  });

  it("takes arm64 with and without its variant, and an older arm", async () => {
    await using registry = await tinyRegistry();
    const put = registry.image({ architecture: "arm64" });
    index(registry, [at(put, "arm64", "v8"), at(put, "arm", "v5"), at(put, "arm", "v6")]);
    expect((await open(registry, "app:1", "linux/arm64")).platform).toBe("linux/arm64/v8");
    expect((await open(registry, "app:1", "linux/arm/v7")).platform).toBe("linux/arm/v6");
  });

  it("looks into nested ones, but not for ever", async () => {
    await using registry = await tinyRegistry();
    const image = registry.image();
    const inner = index(registry, [at(image, hostArchitecture())]);
    const outer = index(registry, [{ ...inner, mediaType: TYPES.index }]);
    expect(await open(registry)).toMatchObject({ manifest: outer.digest, layers: image.layers });
    let deep: Put = index(registry, []);
    for (let depth = 0; depth < 5; depth++) deep = index(registry, [deep]);
    await expect(open(registry)).rejects.toMatchObject({ code: "IMAGE_INVALID" });
  });

  it("takes one without a platform when nothing else is there, and its configuration tells", async () => {
    await using registry = await tinyRegistry();
    const image = registry.image();
    index(registry, [image]);
    expect((await open(registry)).platform).toBe(HOST);
    index(registry, [registry.image({ architecture: OTHER })]);
    await expect(open(registry)).rejects.toMatchObject({ code: "PLATFORM_MISSING" });
  });

  it("lists what there is when nothing matches", async () => {
    await using registry = await tinyRegistry();
    const put = registry.image({ architecture: OTHER });
    index(registry, [at(put, "riscv64"), at(put, "arm", "v7"), at(put, "riscv64")]);
    await expect(open(registry, "app:1", "linux/mips64")).rejects.toMatchObject({
      code: "PLATFORM_MISSING",
      message: expect.stringContaining("linux/mips64"),
      hints: [expect.stringContaining("linux/riscv64, linux/arm/v7")],
    });
    index(registry, []);
    await expect(open(registry)).rejects.toMatchObject({ code: "PLATFORM_MISSING" });
  });

  it("refuses a single image for another platform", async () => {
    await using registry = await tinyRegistry();
    registry.image({ tag: "1", architecture: OTHER });
    await expect(open(registry)).rejects.toMatchObject({
      code: "PLATFORM_MISSING",
      hints: [expect.stringContaining(`linux/${OTHER}`)],
    });
  });
});

describe("openImage refuses", () => {
  const cases: [string, string, RegExp, (registry: TinyRegistry) => unknown][] = [
    [
      "an artifact",
      "IMAGE_INVALID",
      /artifact.*helm/,
      (r) => r.image({ tag: "1", configType: "application/vnd.cncf.helm.config.v1+json" }),
    ],
    [
      "an unknown layer",
      "IMAGE_INVALID",
      /in-toto/,
      (r) => r.image({ tag: "1", manifest: { layers: [r.blob("x", "application/vnd.in-toto+json")] } }),
    ],
    [
      "too few layers",
      "IMAGE_INVALID",
      /1 layers.*0/,
      (r) => r.image({ tag: "1", manifest: { layers: [] } }),
    ],
    [
      "a rootfs of another type",
      "IMAGE_INVALID",
      /rootfs\.type/,
      (r) => r.image({ tag: "1", config: { rootfs: { type: "x", diff_ids: [] } } }),
    ],
    ["a manifest that is no JSON", "IMAGE_INVALID", /no JSON/, (r) => r.document("<html>", { tag: "1" })],
    [
      "a manifest of schema 1",
      "IMAGE_INVALID",
      /schema 1/,
      (r) =>
        r.document(
          { schemaVersion: 1, name: "a" },
          { tag: "1", mediaType: "application/vnd.docker.distribution.manifest.v1+prettyjws" },
        ),
    ],
    [
      "another media type than served",
      "IMAGE_INVALID",
      /serves.*index.*manifest/,
      (r) => r.document({ mediaType: TYPES.manifest }, { tag: "1", mediaType: TYPES.index }),
    ],
    [
      "two kinds at once",
      "IMAGE_INVALID",
      /at once/,
      (r) =>
        r.document({ schemaVersion: 2, manifests: [], layers: [] }, { tag: "1", mediaType: TYPES.index }),
    ],
    [
      "an unknown media type",
      "IMAGE_INVALID",
      /unknown type `x\/y`/,
      (r) => r.document({}, { tag: "1", mediaType: "x/y" }),
    ],
    [
      "a manifest that is too long",
      "IMAGE_INVALID",
      /longer than 8 MiB/,
      (r) => r.document("x".repeat((8 << 20) + 1), { tag: "1" }),
    ],
    [
      "a missing configuration",
      "REGISTRY_FAILED",
      /404.*BLOB_UNKNOWN/,
      (r) =>
        r.image({
          tag: "1",
          manifest: { config: { mediaType: TYPES.config, digest: digestOf("gone"), size: 1 } },
        }),
    ],
  ];
  it.each(cases)("%s", async (_, code, message, put) => {
    await using registry = await tinyRegistry();
    put(registry);
    await expect(open(registry)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it("a manifest with another digest than asked for, and a configuration likewise", async () => {
    await using registry = await tinyRegistry((request, response) => {
      if (request.url?.endsWith("/manifests/2")) {
        response.writeHead(200, { "docker-content-digest": digestOf("other") }).end("{}");
        return true;
      }
      if (request.url?.includes("manifests/sha256") !== true) return false;
      response.writeHead(200, { "content-type": TYPES.manifest }).end("{}");
      return true;
    });
    const { config } = registry.image();
    await expect(open(registry, `app@${digestOf("x")}`)).rejects.toMatchObject({ code: "CHECKSUM_MISMATCH" });
    await expect(open(registry, "app:2")).rejects.toMatchObject({ code: "CHECKSUM_MISMATCH" });
    registry.image({ tag: "3", manifest: { config: { ...config, size: config.size + 1 } } });
    await expect(open(registry, "app:3")).rejects.toMatchObject({ code: "CHECKSUM_MISMATCH" });
  });
});

describe("an image that is not there", () => {
  const withTags = (tags: unknown, status = 200) =>
    tinyRegistry((request, response) => {
      if (!request.url?.endsWith("/tags/list")) return false;
      if (status !== 200) refuse(response, status, "NAME_UNKNOWN");
      else response.end(JSON.stringify({ name: "app", tags }));
      return true;
    });

  it.each([
    [["1.26", "1.27", "latest"], "app:1.72", "did you mean `HOST/app:1.27`?"],
    [["a", "b"], "app:quite-different", "its tags: a, b"],
    [
      Array.from({ length: 10 }, (_, number) => `v${number}`),
      "app:else",
      "its tags: v2, v3, v4, v5, v6, v7, v8, v9, and 2 more",
    ],
    [null, "app:1", "it has no tags at all"],
  ])("knows the tags %j", async (tags, name, hint) => {
    await using registry = await withTags(tags);
    const tag = name.slice(4);
    await expect(open(registry, name)).rejects.toMatchObject({
      code: "IMAGE_UNKNOWN",
      message: `${registry.host}: \`app\` has no tag \`${tag}\``,
      hints: [hint.replace("HOST", registry.host)],
    });
  });

  it("tells a missing image from a missing tag", async () => {
    await using registry = await withTags([], 404);
    await expect(open(registry)).rejects.toMatchObject({
      code: "IMAGE_UNKNOWN",
      message: `${registry.host} has no image \`app\``,
    });
    await expect(newest(registry)).rejects.toMatchObject({ code: "IMAGE_UNKNOWN" });
  });

  it("names a missing digest", async () => {
    await using registry = await tinyRegistry();
    await expect(open(registry, `app@${digestOf("x")}`)).rejects.toMatchObject({
      code: "IMAGE_UNKNOWN",
      message: expect.stringContaining("has no manifest `sha256:"),
    });
  });

  it("takes a web server for what it is", async () => {
    await using registry = await tinyRegistry((_, response) => {
      response.writeHead(404).end("<html>");
      return true;
    });
    await expect(open(registry)).rejects.toMatchObject({ code: "REGISTRY_FAILED" });
  });
});

describe("newestManifest", () => {
  it("asks with HEAD, and with GET where that tells nothing", async () => {
    let isBare = false;
    await using registry = await tinyRegistry((request, response) => {
      if (!isBare || request.method !== "HEAD") return false;
      response.writeHead(405).end();
      return true;
    });
    const { digest } = registry.image({ tag: "1" });
    expect(await newest(registry)).toBe(digest);
    expect(registry.asked()).toEqual(["HEAD manifests/1"]);
    isBare = true;
    expect(await newest(registry)).toBe(digest);
    expect(registry.asked().slice(1)).toEqual(["HEAD manifests/1", "GET manifests/1"]);
  });
});
