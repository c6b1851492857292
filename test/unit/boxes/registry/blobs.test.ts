import { randomBytes } from "node:crypto";
import { readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { openImage } from "../../../../src/boxes/registry/index.ts";
import { asset } from "../../../../src/system/index.ts";
import { breakAfter, fakeClock, serveHttp } from "../../../support/http-server.ts";
import { digestOf } from "../../../support/oci-layout.ts";
import { sourceProgram } from "../../../support/source-process.ts";
import { type TempHome, tempHome } from "../../../support/temp-home.ts";
import { type TinyRegistry, tinyRegistry } from "../../../support/tiny-registry.ts";

const LAYER = randomBytes(100_000);

function open(home: TempHome, registry: TinyRegistry) {
  vi.stubEnv("DOCKER_CONFIG", "/nowhere");
  return openImage(home.layout, `${registry.host}/app:1`, { clock: fakeClock() });
}

const downloads = (home: TempHome) => readdir(home.layout.downloads());
const first = <T>(list: readonly T[]): T => list[0] as T;

describe("blob", () => {
  it("gives a file of its own to each source, and the last one out removes what all share", async () => {
    await using home = await tempHome();
    await using registry = await tinyRegistry();
    const layer = first(registry.image({ tag: "1", layers: [LAYER] }).layers);
    const shared = layer.digest.replace(":", "-");
    await using one = await open(home, registry);
    await using two = await open(home, registry);
    const paths = await Promise.all([one.blob(layer), two.blob(layer)]);
    expect(new Set(paths).size).toBe(2);
    expect(registry.asked().filter((line) => line.includes(layer.digest)).length).toBe(1);
    await one.forget(layer);
    expect(digestOf(await readFile(first(paths.slice(1))))).toBe(layer.digest);
    expect(await downloads(home)).not.toContain(shared);
    await two.forget(layer);
    expect(await downloads(home)).toEqual([]);
  });

  it("counts the users of a layer that an image has twice", async () => {
    await using home = await tempHome();
    await using registry = await tinyRegistry();
    const layer = first(registry.image({ tag: "1", layers: [LAYER, LAYER] }).layers);
    await using image = await open(home, registry);
    const [path, same] = await Promise.all([image.blob(layer), image.blob(layer)]);
    expect(same).toBe(path);
    await image.forget(layer);
    expect(digestOf(await readFile(path))).toBe(layer.digest);
    await image.forget(layer);
    expect(await downloads(home)).toEqual([]);
  });

  it("stays for the next try when what comes after fails", async () => {
    await using home = await tempHome();
    await using registry = await tinyRegistry();
    const layer = first(registry.image({ tag: "1", layers: [LAYER] }).layers);
    {
      await using image = await open(home, registry);
      await image.blob(layer);
    }
    expect(await downloads(home)).toEqual([layer.digest.replace(":", "-")]);
    await using image = await open(home, registry);
    let counted = 0;
    const onBytes = (bytes: number) => {
      counted += bytes;
    };
    await image.blob(layer, { onBytes });
    expect(counted).toBe(layer.size);
    expect(registry.asked().filter((line) => line.includes(layer.digest)).length).toBe(1);
  });

  it("goes on in the middle after the connection broke, and verifies the whole", async () => {
    await using home = await tempHome();
    let cuts = 0;
    await using registry = await tinyRegistry((request, response) => {
      if (!request.url?.endsWith(digestOf(packed)) || cuts++ > 0) return false;
      breakAfter(response, packed, 30_000);
      return true;
    });
    const packed = randomBytes(90_000);
    const layer = registry.blob(packed);
    registry.image({ tag: "1", manifest: { layers: [layer] } });
    await using image = await open(home, registry);
    expect(digestOf(await readFile(await image.blob(layer)))).toBe(layer.digest);
    expect(registry.requests.at(-1)?.headers.range).toBe("bytes=30000-");
  });

  it("refuses other bytes", async () => {
    await using home = await tempHome();
    await using registry = await tinyRegistry();
    registry.image({ tag: "1" });
    await using image = await open(home, registry);
    const { digest, ...rest } = registry.blob("other");
    await using liar = await tinyRegistry((request, response) => {
      if (!request.url?.includes("/blobs/") || request.url.endsWith(first(put.layers).digest) !== true)
        return false;
      response.end("x".repeat(first(put.layers).size));
      return true;
    });
    const put = liar.image({ tag: "1" });
    await using lie = await open(home, liar);
    await expect(lie.blob(first(put.layers))).rejects.toMatchObject({
      code: "CHECKSUM_MISMATCH",
      message: expect.stringMatching(/^blob sha256:[0-9a-f]{12} of 127.*app:1: the sha256 is/),
    });
    await expect(image.blob({ ...rest, digest: digestOf("gone") })).rejects.toMatchObject({
      code: "REGISTRY_FAILED",
    });
    expect(digest).toBe(digestOf("other"));
    expect(await downloads(home)).toEqual([]);
  });

  it("takes a layer that may not be distributed from where the manifest says", async () => {
    await using home = await tempHome();
    await using elsewhere = await serveHttp((_, response) => void response.end(LAYER));
    await using registry = await tinyRegistry();
    const type = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";
    const layer = { mediaType: type, digest: digestOf(LAYER), size: LAYER.length, urls: [elsewhere.url] };
    registry.image({ tag: "1", manifest: { layers: [layer] } });
    await using image = await open(home, registry);
    expect(digestOf(await readFile(await image.blob(layer)))).toBe(layer.digest);
  });

  it("never sends a login on to where a blob is redirected", async () => {
    await using home = await tempHome();
    await using store = await serveHttp((_, response) => void response.end(LAYER));
    await using registry = await tinyRegistry((request, response) => {
      if (request.headers.authorization === undefined) {
        response.writeHead(401, { "www-authenticate": "Basic realm=x" }).end();
        return true;
      }
      if (!request.url?.endsWith(digestOf(LAYER))) return false;
      response.writeHead(307, { location: `${store.url}/x?signature=hush` }).end();
      return true;
    });
    const layer = registry.blob(LAYER);
    registry.image({ tag: "1", manifest: { layers: [layer] } });
    const auth = Buffer.from("a:b").toString("base64");
    await writeFile(
      join(home.folder, "config.json"),
      JSON.stringify({ auths: { [registry.host]: { auth } } }),
    );
    vi.stubEnv("DOCKER_CONFIG", home.folder);
    await using image = await openImage(home.layout, `${registry.host}/app:1`);
    await image.blob(layer);
    expect(store.requests).toMatchObject([{ path: "/x?signature=hush" }]);
    expect(store.requests[0]?.headers.authorization).toBeUndefined();
  });

  it("is fetched once by processes that want it together, and stays whole for each", async () => {
    await using home = await tempHome();
    await using registry = await tinyRegistry();
    const layer = first(registry.image({ tag: "1", layers: [LAYER] }).layers);
    for (const name of ["node_modules", "package.json"]) await symlink(asset(name), join(home.folder, name));
    const program = await sourceProgram(
      home.folder,
      `import { readFile } from "node:fs/promises";
       import { createHash } from "node:crypto";
       import { openImage } from "./src/boxes/registry/index.ts";
       import { layout } from "./src/system/index.ts";
       await using image = await openImage(layout(process.argv[2]), process.argv[3]);
       for (const layer of image.layers) {
         const content = await readFile(await image.blob(layer));
         console.log(createHash("sha256").update(content).digest("hex"));
         await image.forget(layer);
       }`,
    );
    const runs = Array.from({ length: 3 }, () => program(home.layout.home, `${registry.host}/app:1`));
    const lines = await Promise.all(runs.map((run) => run.line()));
    await Promise.all(runs.map((run) => run.exited()));
    for (const run of runs) await run[Symbol.asyncDispose]();
    expect(lines.map((hex) => `sha256:${hex}`)).toEqual(Array(3).fill(layer.digest));
    expect(await downloads(home)).toEqual([]);
  });
});
