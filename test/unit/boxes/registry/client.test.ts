import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it, vi } from "vitest";
import { openImage } from "../../../../src/boxes/registry/index.ts";
import { setDebugSink } from "../../../../src/system/index.ts";
import { fakeClock, type Handler, serveHttp } from "../../../support/http-server.ts";
import { tempHome } from "../../../support/temp-home.ts";
import { type Intercept, refuse, type TinyRegistry, tinyRegistry } from "../../../support/tiny-registry.ts";

interface World {
  readonly auths?: object;
  readonly registries?: string;
  readonly host?: string;
}

/** Opens `app:1` with Docker's file and ours as given; also fetches the layers. */
async function pull(registry: TinyRegistry, world: World = {}) {
  await using home = await tempHome();
  await writeFile(join(home.folder, "config.json"), JSON.stringify({ auths: world.auths ?? {} }));
  await writeFile(join(home.folder, "registries.yaml"), world.registries ?? "");
  vi.stubEnv("DOCKER_CONFIG", home.folder);
  vi.stubEnv("BOTHY_REGISTRIES", join(home.folder, "registries.yaml"));
  const said: string[] = [];
  const options = { clock: fakeClock(), report: (line: string) => void said.push(line) };
  await using image = await openImage(home.layout, `${world.host ?? registry.host}/app:1`, options);
  let counted = 0;
  const onBytes = (bytes: number) => {
    counted += bytes;
  };
  for (const layer of image.layers) await image.blob(layer, { onBytes });
  return { image, said, counted };
}

const login = (
  registry: TinyRegistry,
  entry: object = { auth: Buffer.from("robin:hush").toString("base64") },
) => ({
  auths: { [registry.host]: entry },
});
const failureOf = (work: Promise<unknown>) =>
  work.catch((error: unknown) => error) as Promise<Error & { hints: string[] }>;

/** Wants a token of the endpoint; `lifetime` requests later it wants another. */
async function withTokens(answer: Handler, lifetime = Number.POSITIVE_INFINITY, challenge = "") {
  const endpoint = await serveHttp(answer);
  let [uses, valid] = [0, ""];
  const intercept: Intercept = (request, response) => {
    const { authorization = "" } = request.headers;
    const known = authorization.startsWith("Bearer ") && authorization !== valid ? authorization : undefined;
    if (known && !spent.has(known)) [uses, valid] = [0, known];
    if (authorization && authorization === valid && uses++ < lifetime) return false;
    spent.add(valid);
    valid = "";
    const scope = 'scope="repository:app:pull"';
    const bearer = `Bearer realm="${endpoint.url}/token",service="tiny",${scope}`;
    response.setHeader("www-authenticate", challenge || bearer);
    refuse(response, 401, "UNAUTHORIZED", "authentication required");
    return true;
  };
  const spent = new Set<string>();
  const registry = await tinyRegistry(intercept);
  registry.image({ tag: "1", layers: [Buffer.from("a"), Buffer.from("b")] });
  return {
    ...{ endpoint, registry },
    [Symbol.asyncDispose]: async () => {
      await registry[Symbol.asyncDispose]();
      await endpoint[Symbol.asyncDispose]();
    },
  };
}

const giveToken: Handler = (_, response, number) =>
  void response.end(JSON.stringify({ token: `t${number}` }));

afterEach(() => setDebugSink(undefined));

describe("tokens", () => {
  it("are fetched without credentials where there are none, and once", async () => {
    await using world = await withTokens(giveToken);
    await pull(world.registry);
    expect(world.endpoint.requests.map(({ path }) => path)).toEqual([
      "/token?service=tiny&scope=repository%3Aapp%3Apull",
    ]);
    expect(world.endpoint.requests[0]?.headers.authorization).toBeUndefined();
  });

  it("are fetched with the login, which the registry itself never sees", async () => {
    await using world = await withTokens((_, s) => void s.end('{"access_token": "t", "expires_in": 60}'));
    await pull(world.registry, login(world.registry));
    const basic = `Basic ${Buffer.from("robin:hush").toString("base64")}`;
    expect(world.endpoint.requests).toMatchObject([{ headers: { authorization: basic } }]);
    expect(world.endpoint.requests[0]?.path).toContain("account=robin");
    expect(JSON.stringify(world.registry.requests)).not.toContain("Basic");
  });

  it("are exchanged for an identity token", async () => {
    let form = "";
    await using world = await withTokens((q, s) => {
      q.on("data", (text) => {
        form += text;
      });
      q.on("end", () => s.end('{"access_token": "t"}'));
    });
    await pull(world.registry, login(world.registry, { identitytoken: "refresh-me" }));
    expect(world.endpoint.requests).toMatchObject([{ method: "POST" }]);
    expect(Object.fromEntries(new URLSearchParams(form))).toEqual({
      ...{ grant_type: "refresh_token", client_id: "bothy", refresh_token: "refresh-me" },
      ...{ scope: "repository:app:pull", service: "tiny" },
    });
  });

  it("are renewed when they expire in the middle", async () => {
    await using world = await withTokens(giveToken, 2);
    await pull(world.registry);
    expect(world.endpoint.requests.length).toBe(2);
  });

  it("are not there when the answer is cut off", async () => {
    const cut: Handler = (_, response) => {
      response.writeHead(200, { "content-length": 100 }).write("{");
      setTimeout(() => response.destroy(), 20);
    };
    await using lab = await withTokens(cut);
    expect(await failureOf(pull(lab.registry))).toMatchObject({
      code: "REGISTRY_UNREACHABLE",
      message: expect.stringContaining(lab.endpoint.host),
    });
  });

  it("are given up when the registry takes none of them", async () => {
    await using world = await withTokens(giveToken, 0);
    const failure = await failureOf(pull(world.registry));
    expect(failure).toMatchObject({ code: "REGISTRY_DENIED" });
    expect(world.endpoint.requests.length).toBe(1);
  });

  it.each([
    [401, "REGISTRY_DENIED"],
    [403, "REGISTRY_DENIED"],
    [404, "REGISTRY_FAILED"],
    [200, "REGISTRY_FAILED"],
  ])("are not there when the endpoint answers %i", async (status, code) => {
    await using world = await withTokens((_, s) => void s.writeHead(status).end('{"secret": "hush"}'));
    const failure = await failureOf(pull(world.registry, login(world.registry)));
    expect(failure).toMatchObject({ code });
    expect(failure.message).not.toContain("hush");
  });

  it.each(['Bearer realm="nonsense://x"', "Bearer service=x"])("need an endpoint: %s", async (challenge) => {
    await using world = await withTokens(giveToken, 0, challenge);
    expect(await failureOf(pull(world.registry))).toMatchObject({ code: "REGISTRY_FAILED" });
  });
});

describe("logins", () => {
  const basic: Intercept = (request, response) => {
    if (request.headers.authorization === `Basic ${Buffer.from("robin:hush").toString("base64")}`)
      return false;
    response.setHeader("www-authenticate", 'Basic realm="tiny"');
    refuse(response, 401, "UNAUTHORIZED", "authentication required");
    return true;
  };

  it("are sent as Basic where that is wanted", async () => {
    await using registry = await tinyRegistry(basic);
    registry.image({ tag: "1" });
    await pull(registry, login(registry));
  });

  it("that are refused are named with their file, and never shown", async () => {
    const lines: string[] = [];
    setDebugSink((line) => void lines.push(line));
    await using registry = await tinyRegistry(basic);
    const failure = await failureOf(
      pull(registry, login(registry, { auth: Buffer.from("eve:guess").toString("base64") })),
    );
    expect(failure).toMatchObject({
      code: "REGISTRY_DENIED",
      message: expect.stringMatching(
        /asked as `eve` \(from \/.*\/config\.json\): 401 .*: authentication required$/,
      ),
      hints: [expect.stringContaining(`docker login ${registry.host}`), expect.any(String)],
    });
    expect(JSON.stringify([failure, failure.message, lines])).not.toMatch(/guess|ZXZlOmd1ZXNz/);
  });

  it("that are missing are said to be", async () => {
    await using registry = await tinyRegistry(basic);
    const failure = await failureOf(pull(registry));
    expect(failure.message).toMatch(
      /asked without credentials \(there are none for `127\.0\.0\.1:\d+` in \/.*config\.json\)/,
    );
  });

  it("do not help against 403", async () => {
    await using registry = await tinyRegistry((_, response) => {
      refuse(response, 403, "DENIED", "not\u001b[2Jfor you");
      return true;
    });
    const failure = await failureOf(pull(registry, login(registry)));
    expect(failure).toMatchObject({
      code: "REGISTRY_DENIED",
      message: expect.stringMatching(/: 403 Forbidden: not \[2Jfor you$/),
    });
  });
});

describe("a registry in trouble", () => {
  it("is asked again, and its own words are shown in the end", async () => {
    await using registry = await tinyRegistry((request, response) => {
      if (request.url === "/v2/") return false;
      refuse(response, 429, "TOOMANYREQUESTS", "pull rate limit");
      return true;
    });
    const failure = await failureOf(pull(registry));
    expect(failure).toMatchObject({
      code: "REGISTRY_FAILED",
      message: expect.stringContaining("429 Too Many Requests: pull rate limit"),
      hints: ["try again later", expect.stringContaining("docker login")],
    });
    expect(registry.asked()).toEqual(Array(5).fill("GET manifests/1"));
  });

  it("that is not there is unreachable", async () => {
    const registry = await tinyRegistry();
    await registry[Symbol.asyncDispose]();
    expect(await failureOf(pull(registry))).toMatchObject({
      code: "REGISTRY_UNREACHABLE",
      message: `cannot reach the registry \`${registry.host}\`: nothing listens there`,
    });
    expect(await failureOf(pull(registry, { host: "no-such.invalid" }))).toMatchObject({
      code: "REGISTRY_UNREACHABLE",
      hints: expect.arrayContaining(["is the host in the image's name spelled right?"]),
    });
  });
});

describe("mirrors", () => {
  it("are asked first, by their own names, and the registry not at all", async () => {
    await using mirror = await tinyRegistry();
    mirror.image({ tag: "1" });
    const registries = `registries: { lab.invalid: { mirrors: ["http://${mirror.host}/cache/lab"] } }`;
    const { image } = await pull(mirror, { host: "lab.invalid", registries });
    expect(image.reference).toBe("lab.invalid/app:1");
    expect(mirror.requests[0]?.path).toBe("/v2/cache/lab/app/manifests/1");
  });

  it("that fail are told and passed over, for manifests and for blobs", async () => {
    await using origin = await tinyRegistry();
    const { layers } = origin.image({ tag: "1" });
    await using half = await tinyRegistry((request, response) => {
      if (!request.url?.endsWith(layers[0]?.digest ?? "")) return false;
      refuse(response, 500, "UNKNOWN");
      return true;
    });
    half.image({ tag: "1" });
    const registries = `registries: { "${origin.host}": { http: true, mirrors: ["127.0.0.1:1", "http://${half.host}"] } }`;
    const { said } = await pull(origin, { registries });
    expect(said).toEqual([expect.stringContaining("the mirror 127.0.0.1:1 failed: cannot reach")]);
    expect(origin.asked()).toEqual([`GET blobs/${layers[0]?.digest}`]);
  });

  it.each([
    ["lie about a blob", (bytes: Buffer) => Buffer.alloc(bytes.length)],
    ["cut a blob off", (bytes: Buffer) => bytes.subarray(0, 5)],
  ])("that %s are passed over as well, and its bytes count once", async (_, spoil) => {
    await using origin = await tinyRegistry();
    const packed = gzipSync("a layer");
    const { layers } = origin.image({ tag: "1" });
    await using bad = await tinyRegistry((request, response) => {
      if (!request.url?.endsWith(layers[0]?.digest ?? "")) return false;
      response.writeHead(200).end(spoil(packed));
      return true;
    });
    bad.image({ tag: "1" });
    const registries = `registries: { "${origin.host}": { http: true, mirrors: ["http://${bad.host}"] } }`;
    const { counted } = await pull(origin, { registries });
    expect(counted).toBe(packed.length);
    expect(origin.asked()).toEqual([`GET blobs/${layers[0]?.digest}`]);
  });

  it("leave the last word to the registry", async () => {
    await using origin = await tinyRegistry();
    await using mirror = await tinyRegistry();
    const registries = `registries: { "${origin.host}": { mirrors: ["http://${mirror.host}"] } }`;
    expect(await failureOf(pull(origin, { registries }))).toMatchObject({
      code: "IMAGE_UNKNOWN",
      message: expect.stringContaining(origin.host),
    });
  });
});

describe("plain HTTP", () => {
  it("is found out for a registry on this host, after TLS was tried", async () => {
    await using registry = await tinyRegistry();
    registry.image({ tag: "1" });
    await pull(registry);
    expect(registry.asked()[0]).toBe("GET manifests/1");
  });

  it("is used at once where it is configured", async () => {
    await using registry = await tinyRegistry();
    registry.image({ tag: "1" });
    await pull(registry, { registries: `registries: { "${registry.host}": { http: true } }` });
  });
});
