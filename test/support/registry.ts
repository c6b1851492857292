import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { baseEnvironment, run, start, waitFor } from "../../src/system/index.ts";

/** Whom the `htpasswd` registry lets in; the token endpoint of `silly` takes anybody and tells who came. */
const CREDENTIALS = { user: "robin", password: "s3cret-pass" };
/** bcrypt of the password above. */
const HTPASSWD = "robin:$2y$05$abcdefghijklmnopqrstuuV7fpPozvyqJfnY19y0802WTlXUm6Rjy\n";

export interface RegistryOptions {
  /** `silly`: answers 401 with `Bearer realm=...` and then takes any token, as docker.io's dance goes. */
  readonly auth?: "none" | "htpasswd" | "silly";
  /** Serves HTTPS with a certificate of its own authority for `localhost` and `127.0.0.1`. */
  readonly tls?: boolean;
}

/** One request that the token endpoint got. */
export interface TokenRequest {
  readonly query: URLSearchParams;
  readonly authorization?: string | undefined;
}

/** Debian's docker-registry on loopback, with a root of its own. */
export interface TestRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT`, as in an image reference. */
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  readonly credentials: { readonly user: string; readonly password: string };
  /** A folder for `DOCKER_CONFIG` whose config.json has the credentials of this registry. */
  readonly dockerConfig: string;
  /** The authority's certificate, with `tls`. */
  readonly ca?: string | undefined;
  /** Where it keeps its blobs. */
  readonly root: string;
  /** What the token endpoint was asked so far, with `silly`. */
  readonly tokenRequests: readonly TokenRequest[];
  /** `skopeo copy SOURCE docker://HOST/NAME`; the source in skopeo's words (`oci:DIR:TAG`). Returns the reference. */
  push(source: string, name: string, options?: readonly string[]): Promise<string>;
  /** What was asked so far, oldest first: `GET /v2/app/manifests/1 200`. */
  requests(): Promise<string[]>;
}

/** Starts one; it is listening when this returns, and is killed and removed when disposed. */
export async function startRegistry(options: RegistryOptions = {}): Promise<TestRegistry> {
  const { auth = "none" } = options;
  const folder = await mkdtemp("/var/tmp/bothy-registry-");
  const tokenRequests: TokenRequest[] = [];
  const tokens = auth === "silly" ? await startTokens(tokenRequests) : undefined;
  const tls = options.tls ? await makeCertificate(folder) : undefined;
  await mkdir(join(folder, "root"));
  await writeFile(join(folder, "htpasswd"), HTPASSWD);
  await writeFile(join(folder, "config.yml"), configuration(folder, auth, tls, tokens));
  const { child, port } = await serve(folder);
  const host = `127.0.0.1:${port}`;
  const dockerConfig = await writeDockerConfig(folder, host);
  return {
    ...{ host, port, pid: child.pid ?? 0, credentials: CREDENTIALS, dockerConfig, ca: tls?.ca },
    ...{ root: join(folder, "root"), tokenRequests },
    push: async (source, name, more = []) => {
      const login = ["--dest-tls-verify=false", "--dest-authfile", join(dockerConfig, "config.json")];
      await run(["skopeo", "copy", "--quiet", ...login, ...more, source, `docker://${host}/${name}`]);
      return `${host}/${name}`;
    },
    requests: () => requestsIn(join(folder, "log")),
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, "exit");
        child.kill("SIGKILL");
        await ended;
      }
      tokens?.closeAllConnections();
      tokens?.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function configuration(folder: string, auth: string, tls: Certificate | undefined, tokens?: Server): string {
  const http = { addr: "127.0.0.1:0", ...(tls ? { tls: { certificate: tls.cert, key: tls.key } } : {}) };
  const ways: Record<string, object> = {
    htpasswd: { htpasswd: { realm: "test", path: join(folder, "htpasswd") } },
    silly: { silly: { realm: `http://${addressOf(tokens)}/token`, service: "test-registry" } },
  };
  return JSON.stringify({
    version: "0.1",
    log: { level: "info" },
    storage: { filesystem: { rootdirectory: join(folder, "root") }, delete: { enabled: true } },
    http,
    ...(ways[auth] ? { auth: ways[auth] } : {}),
  }); // JSON is YAML
}

/** The port is the kernel's choice: the log tells it. It dies with us, also when a test is killed. */
async function serve(folder: string): Promise<{ child: ChildProcess; port: number }> {
  const script = 'exec setpriv --pdeathsig KILL docker-registry serve "$1" >"$2" 2>&1';
  const log = join(folder, "log");
  const child = start(["sh", "-c", script, "sh", join(folder, "config.yml"), log], {
    stdio: "ignore",
    env: { ...baseEnvironment(), OTEL_TRACES_EXPORTER: "none" },
  });
  const listening = {
    title: "docker-registry to listen",
    attempt: async () => {
      const text = await readFile(log, "utf8").catch(() => "");
      if (child.exitCode !== null) throw new Error(`docker-registry ended: ${text}`);
      return /listening on 127\.0\.0\.1:(\d+)/.exec(text)?.[1];
    },
    evidence: () => readFile(log, "utf8"),
  };
  const port = await waitFor(listening, { timeoutMs: 20_000, intervalMs: 20 });
  return { child, port: Number(port) };
}

async function startTokens(seen: TokenRequest[]): Promise<Server> {
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const { authorization } = request.headers;
    seen.push({ query: new URL(request.url ?? "/", "http://tokens").searchParams, authorization });
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ token: `token-${seen.length}`, expires_in: 300 }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

function addressOf(server: Server | undefined): string {
  return server ? `127.0.0.1:${(server.address() as AddressInfo).port}` : "none";
}

async function writeDockerConfig(folder: string, host: string): Promise<string> {
  const auth = Buffer.from(`${CREDENTIALS.user}:${CREDENTIALS.password}`).toString("base64");
  await mkdir(join(folder, "docker"));
  await writeFile(join(folder, "docker/config.json"), JSON.stringify({ auths: { [host]: { auth } } }));
  return join(folder, "docker");
}

interface Certificate {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

async function makeCertificate(folder: string): Promise<Certificate> {
  const at = (name: string) => join(folder, name);
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const authority = ["-keyout", at("ca.key"), "-out", at("ca.crt"), "-subj", "/CN=Test authority"];
  await run(["openssl", "req", "-x509", ...key, "-days", "2", ...authority]);
  const own = ["-keyout", at("tls.key"), "-out", at("tls.crt"), "-subj", "/CN=localhost"];
  const names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  const signed = ["-CA", at("ca.crt"), "-CAkey", at("ca.key"), "-days", "2"];
  await run(["openssl", "req", "-x509", ...key, ...own, ...names, ...signed]);
  return { ca: at("ca.crt"), cert: at("tls.crt"), key: at("tls.key") };
}

async function requestsIn(log: string): Promise<string[]> {
  const found: string[] = [];
  for await (const line of createInterface({ input: createReadStream(log) })) {
    const [, method, path, status] = /"([A-Z]+) (\/v2\/[^\s?]*)\S* HTTP\/\d\.\d" (\d+)/.exec(line) ?? [];
    if (method) found.push(`${method} ${path} ${status}`);
  }
  return found;
}
