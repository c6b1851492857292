import http from "node:http";
import https from "node:https";
import { createSecureContext, rootCertificates, type SecureContext } from "node:tls";
import { BothyError } from "../../errors.ts";
import { environment, readIfExists } from "../../system/index.ts";
import { proxyFor } from "./proxy.ts";

/** How a server's certificate is checked. */
export interface TlsChoice {
  /** True: not at all. */
  readonly insecure?: boolean | undefined;
  /** PEM files with authorities to trust beside the known ones. */
  readonly authorities?: readonly string[] | undefined;
}

/** Debian's; other systems have it in `SSL_CERT_FILE`, or Node's own list does. */
const SYSTEM_AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt";

const agents = new Map<string, Promise<http.Agent>>();

/**
 * The agent that connects to a URL: through the proxy of the environment, trusting what the host and the caller trust.
 * Kept and used again, with its idle connections; those never keep the process alive.
 * @throws BothyError `CONFIG_INVALID` for an authority's file that cannot be read.
 */
export function agentFor(url: URL, tls: TlsChoice): Promise<http.Agent> {
  const proxy = proxyFor(url);
  const key = JSON.stringify([url.protocol, proxy?.href, url.protocol === "https:" && [tls, systemFile()]]);
  const known = agents.get(key);
  if (known !== undefined) return known;
  const made = url.protocol === "https:" ? secureAgent(proxy, tls) : Promise.resolve(plainAgent(proxy));
  agents.set(key, made);
  made.catch(() => agents.delete(key));
  return made;
}

function plainAgent(proxy: URL | undefined): http.Agent {
  return proxy ? new ForwardingAgent(proxy) : new http.Agent({ keepAlive: true });
}

async function secureAgent(proxy: URL | undefined, tls: TlsChoice): Promise<http.Agent> {
  const options: https.AgentOptions = tls.insecure
    ? { keepAlive: true, rejectUnauthorized: false }
    : { keepAlive: true, ...({ secureContext: await trust(tls.authorities ?? []) } as https.AgentOptions) };
  if (!proxy) return new https.Agent(options);
  const { HttpsProxyAgent } = await import("hpagent");
  return new HttpsProxyAgent({ ...options, proxy });
}

/** One context for all connections: reading hundreds of certificates takes longer than a handshake. */
async function trust(files: readonly string[]): Promise<SecureContext> {
  const system = await readIfExists(systemFile());
  const own = await Promise.all(files.map(readAuthority));
  const ca = [...rootCertificates, ...(system ? [system] : []), ...own.map(({ text }) => text)];
  return createSecureContext({ ca });
}

function systemFile(): string {
  return environment("SSL_CERT_FILE") ?? SYSTEM_AUTHORITIES;
}

async function readAuthority(file: string): Promise<{ text: string }> {
  const text = await readIfExists(file);
  if (text?.includes("-----BEGIN CERTIFICATE-----")) return { text };
  const why = text === undefined ? "there is no such file" : "it holds no certificate in PEM form";
  throw new BothyError("CONFIG_INVALID", `cannot trust the certificates of \`${file}\`: ${why}`, {
    hints: ["`ca:` of registries.yaml names it (docs/registries.md)"],
  });
}

/** Plain HTTP through a proxy: the whole URL is asked of it, as most proxies forbid tunnels to other ports than 443. */
class ForwardingAgent extends http.Agent {
  readonly #proxy: URL;

  constructor(proxy: URL) {
    super({ keepAlive: true });
    this.#proxy = proxy;
  }

  /** Node's own entry for a request; its types leave it out. */
  addRequest(request: http.ClientRequest, options: http.RequestOptions): void {
    const { username, password, hostname, port } = this.#proxy;
    request.path = new URL(request.path, `http://${request.getHeader("host")}`).href;
    if (username) {
      const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
      request.setHeader("proxy-authorization", `Basic ${Buffer.from(login).toString("base64")}`);
    }
    const agent = http.Agent.prototype as unknown as { addRequest: ForwardingAgent["addRequest"] };
    agent.addRequest.call(this, request, { ...options, host: hostname, port: port || 80 });
  }
}
