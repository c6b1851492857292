import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { newestManifest, openImage } from "../../../src/boxes/registry/index.ts";
import { run, setDebugSink } from "../../../src/system/index.ts";
import { serveHttp } from "../../support/http-server.ts";
import { digestOf, hostArchitecture, type LayerEntry, writeLayout } from "../../support/oci-layout.ts";
import { startRegistry, type TestRegistry } from "../../support/registry.ts";
import { type TempHome, tempHome } from "../../support/temp-home.ts";

const HOST = `linux/${hostArchitecture()}`;
const LAYERS: LayerEntry[][] = [
  [{ name: "hello", content: "hi\n" }],
  [{ name: "big", content: randomBytes(3 << 20) }],
];

/** Pushes a small image of two layers as `team/app:1`. */
async function pushApp(
  home: TempHome,
  registry: TestRegistry,
  options: readonly string[] = [],
  compression: "tar" | "gzip" = "gzip",
) {
  const folder = await home.sub("layout");
  const written = await writeLayout(folder, { layers: LAYERS, compression, config: { Cmd: ["/hello"] } });
  const reference = await registry.push(`oci:${folder}:latest`, "team/app:1", options);
  return { ...written, reference };
}

/** Fetches every layer; the sizes of what came. */
async function fetchAll(home: TempHome, reference: string): Promise<number> {
  await using image = await openImage(home.layout, reference);
  let came = 0;
  const onBytes = (bytes: number) => {
    came += bytes;
  };
  for (const layer of image.layers) {
    expect(digestOf(await readFile(await image.blob(layer, { onBytes })))).toBe(layer.digest);
    await image.forget(layer);
  }
  return came;
}

const failureOf = (work: Promise<unknown>) => work.catch((error: unknown) => error) as Promise<Error>;

afterEach(() => setDebugSink(undefined));

describe.each([{ auth: "none" }, { auth: "htpasswd" }, { auth: "silly" }] as const)(
  "registry: $auth",
  (mode) => {
    it("gives the image that skopeo pushed, every byte of it", async () => {
      await using home = await tempHome();
      await using registry = await startRegistry(mode);
      const { reference, manifest, layers } = await pushApp(home, registry);
      if (mode.auth !== "none") vi.stubEnv("DOCKER_CONFIG", registry.dockerConfig);
      await using image = await openImage(home.layout, reference);
      expect(image).toMatchObject({
        ...{ reference, manifest, platform: HOST },
        config: { config: { Cmd: ["/hello"] }, rootfs: { diff_ids: layers.map(({ diffId }) => diffId) } },
      });
      expect(await newestManifest(home.layout, reference)).toBe(manifest);
      expect(await fetchAll(home, reference)).toBe(image.layers.reduce((sum, { size }) => sum + size, 0));
      expect(await readdir(home.layout.downloads())).toEqual([]);
    });
  },
);

describe("registry: htpasswd", () => {
  it("says which login was refused, and shows no secret anywhere", async () => {
    await using home = await tempHome();
    await using registry = await startRegistry({ auth: "htpasswd" });
    const { reference } = await pushApp(home, registry);
    vi.stubEnv("DOCKER_CONFIG", home.folder);
    const lines: string[] = [];
    setDebugSink((line) => void lines.push(line));
    const nobody = await failureOf(openImage(home.layout, reference));
    expect(nobody).toMatchObject({
      code: "REGISTRY_DENIED",
      message: expect.stringContaining(`asked without credentials (there are none for \`${registry.host}\``),
    });
    const auth = Buffer.from("robin:wrong-hush").toString("base64");
    await writeFile(
      join(home.folder, "config.json"),
      JSON.stringify({ auths: { [registry.host]: { auth } } }),
    );
    const wrong = await failureOf(openImage(home.layout, reference));
    expect(wrong).toMatchObject({
      code: "REGISTRY_DENIED",
      message: expect.stringContaining(`asked as \`robin\` (from ${home.folder}/config.json)`),
    });
    expect(JSON.stringify([wrong, wrong.message, wrong.stack, lines])).not.toMatch(
      new RegExp(`hush|${auth}`),
    );
  });
});

describe("registry: silly", () => {
  it("is asked for a token as the registry wants it", async () => {
    await using home = await tempHome();
    await using registry = await startRegistry({ auth: "silly" });
    const { reference } = await pushApp(home, registry);
    const before = registry.tokenRequests.length;
    vi.stubEnv("DOCKER_CONFIG", home.folder);
    await fetchAll(home, reference);
    const asked = registry.tokenRequests.slice(before);
    expect(asked.map(({ query }) => [query.get("service"), query.getAll("scope")])).toEqual([
      ["test-registry", ["repository:team/app:pull"]],
    ]);
    expect(asked[0]?.authorization).toBeUndefined();
  });
});

describe("registry: TLS", () => {
  it("is trusted by its authority or not at all, as the settings say", async () => {
    await using home = await tempHome();
    await using registry = await startRegistry({ tls: true });
    const { reference, manifest } = await pushApp(home, registry);
    const settings = join(home.folder, "registries.yaml");
    vi.stubEnv("BOTHY_REGISTRIES", settings);
    await writeFile(settings, "");
    expect(await failureOf(newestManifest(home.layout, reference))).toMatchObject({
      code: "REGISTRY_UNREACHABLE",
      message: expect.stringContaining("this host does not know the authority that signed its certificate"),
      hints: [expect.stringContaining("ca: FILE.pem")],
    });
    const ways = [
      `registries: { "${registry.host}": { ca: ${registry.ca} } }`,
      `ca: ${registry.ca}`,
      `registries: { "${registry.host}": { insecure: true } }`,
    ];
    for (const way of ways) {
      await writeFile(settings, way);
      expect(await newestManifest(home.layout, reference)).toBe(manifest);
    }
    await writeFile(settings, "");
    vi.stubEnv("SSL_CERT_FILE", registry.ca);
    expect(await newestManifest(home.layout, reference)).toBe(manifest);
  });
});

describe("what other tools push", () => {
  it("Docker's format, and zstd layers", async () => {
    await using home = await tempHome();
    await using registry = await startRegistry();
    const { reference } = await pushApp(home, registry, ["--format", "v2s2"]);
    const docker = await openImage(home.layout, reference);
    expect(docker.layers[0]?.mediaType).toBe("application/vnd.docker.image.rootfs.diff.tar.gzip");
    await pushApp(home, registry, ["--dest-compress-format", "zstd"], "tar");
    const second = await openImage(home.layout, reference);
    expect(second.layers.map(({ mediaType }) => mediaType)).toEqual(
      Array(2).fill("application/vnd.oci.image.layer.v1.tar+zstd"),
    );
    expect(await fetchAll(home, reference)).toBeGreaterThan(0);
  });

  it("an image of umoci", async () => {
    await using home = await tempHome();
    await using registry = await startRegistry();
    const folder = join(home.folder, "umoci");
    await run(["umoci", "init", "--layout", folder]);
    await run(["umoci", "new", "--image", `${folder}:1`]);
    await run(["umoci", "insert", "--image", `${folder}:1`, await home.sub("layout"), "/srv"]);
    await run(["umoci", "config", "--image", `${folder}:1`, "--config.entrypoint", "/srv/run"]);
    const reference = await registry.push(`oci:${folder}:1`, "umoci:1");
    await using image = await openImage(home.layout, reference);
    expect(image.config.config?.Entrypoint).toEqual(["/srv/run"]);
    expect(image.layers.length).toBe(1);
  });

  it("an index of two platforms", async () => {
    await using home = await tempHome();
    await using registry = await startRegistry();
    const folder = await home.sub("layout");
    const manifests = [];
    for (const architecture of ["s390x", hostArchitecture()]) {
      const { manifest } = await writeLayout(folder, { layers: LAYERS, architecture });
      const size = (await stat(join(folder, "blobs", manifest.replace(":", "/")))).size;
      const mediaType = "application/vnd.oci.image.manifest.v1+json";
      manifests.push({ mediaType, digest: manifest, size, platform: { os: "linux", architecture } });
    }
    const mediaType = "application/vnd.oci.image.index.v1+json";
    const index = JSON.stringify({ schemaVersion: 2, mediaType, manifests });
    const digest = digestOf(index);
    await writeFile(join(folder, "blobs", digest.replace(":", "/")), index);
    const top = { schemaVersion: 2, manifests: [{ mediaType, digest, size: index.length }] };
    await writeFile(join(folder, "index.json"), JSON.stringify(top));
    const reference = await registry.push(`oci:${folder}`, "multi:1", ["--all"]);
    await using image = await openImage(home.layout, reference);
    expect(image).toMatchObject({ manifest: digest, platform: HOST });
    expect(await newestManifest(home.layout, reference)).toBe(digest);
    await using other = await openImage(home.layout, reference, { platform: "linux/s390x" });
    expect(other.config.architecture).toBe("s390x");
    expect(await failureOf(openImage(home.layout, reference, { platform: "linux/riscv64" }))).toMatchObject({
      code: "PLATFORM_MISSING",
      hints: [expect.stringContaining(`linux/s390x, ${HOST}`)],
    });
  });
});

describe("an image that the registry does not have", () => {
  it("is told from a tag that it does not have, which is proposed", async () => {
    await using home = await tempHome();
    await using registry = await startRegistry();
    const { reference } = await pushApp(home, registry);
    await registry.push(`oci:${join(home.folder, "layout")}:latest`, "team/app:1.27");
    expect(await failureOf(openImage(home.layout, `${registry.host}/team/app:1.28`))).toMatchObject({
      code: "IMAGE_UNKNOWN",
      hints: [`did you mean \`${reference}.27\`?`],
    });
    expect(await failureOf(openImage(home.layout, `${registry.host}/team/other:1`))).toMatchObject({
      code: "IMAGE_UNKNOWN",
      message: `${registry.host} has no image \`team/other\``,
    });
  });
});

describe("an interrupted download", () => {
  it("goes on where it stopped, in another process's part, too", async () => {
    await using home = await tempHome();
    await using registry = await startRegistry();
    const { reference } = await pushApp(home, registry);
    await using image = await openImage(home.layout, reference);
    const layer = image.layers[1];
    if (!layer) throw new Error("two layers were pushed");
    const target = join(home.layout.downloads(), layer.digest.replace(":", "-"));
    const content = await readFile(await image.blob(layer));
    await image.forget(layer);
    await writeFile(`${target}.part`, content.subarray(0, 1 << 20));
    await using later = await openImage(home.layout, reference);
    expect(digestOf(await readFile(await later.blob(layer)))).toBe(layer.digest);
    expect((await registry.requests()).at(-1)).toMatch(/GET .* 206$/);
  });
});

describe("a registry that redirects", () => {
  it("is not followed out of TLS for what no digest proves", async () => {
    await using home = await tempHome();
    await using registry = await startRegistry({ tls: true });
    await using plain = await serveHttp((_, response) => void response.end("{}"));
    const [cert, key] = await Promise.all(
      ["tls.crt", "tls.key"].map((name) => readFile(join(registry.root, "..", name))),
    );
    const server = createServer({ cert, key }, (_, response) => {
      response.writeHead(302, { location: `${plain.url}/manifest` }).end();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const settings = join(home.folder, "registries.yaml");
    await writeFile(settings, `ca: ${registry.ca}`);
    vi.stubEnv("BOTHY_REGISTRIES", settings);
    const failure = await failureOf(openImage(home.layout, `${host}/app:1`));
    server.closeAllConnections();
    server.close();
    expect(failure).toMatchObject({
      message: expect.stringContaining(`to ${plain.host} without encryption`),
    });
    expect(plain.requests).toEqual([]);
  });
});
