import { once } from "node:events";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { BothyError } from "../../errors.ts";
import { type Clock, debug, systemClock } from "../../system/index.ts";
import type { TlsChoice } from "./agents.ts";
import { codeOf } from "./network-trouble.ts";
import { retryAnswerAfterMs, retryErrorAfterMs } from "./retry.ts";

export type { TlsChoice } from "./agents.ts";

/** One request; redirects and passing troubles are dealt with. */
export interface HttpRequest {
  readonly url: string;
  readonly method?: "GET" | "HEAD" | "POST" | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Sent as a form, with POST. */
  readonly form?: Readonly<Record<string, string>> | undefined;
  /** How the certificate of `host[:port]` is checked; asked again for each redirect. */
  readonly tls?: ((host: string) => TlsChoice) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** False: any answer or error is final. */
  readonly retries?: boolean | undefined;
  /** True: encryption is not given up by a redirect. For what no digest proves. */
  readonly staysSecure?: boolean | undefined;
  /** How long connecting may take (default 20 s). */
  readonly connectMs?: number | undefined;
}

/** What a server said; whoever gets it reads the body or destroys it. */
export interface HttpAnswer {
  readonly status: number;
  /** `404 Not Found`, in the server's words. */
  readonly said: string;
  readonly headers: IncomingHttpHeaders;
  /** Where it came from after redirects. */
  readonly url: string;
  readonly body: Readable;
}

const MOST_REDIRECTS = 10;
const REDIRECTS = [301, 302, 303, 307, 308];
/** Headers that are for the asked server alone. */
const PRIVATE = ["authorization", "cookie", "proxy-authorization"];
/** Silence for this long is an error that a retry may mend; a whole download may take any time. */
const SILENCE_MS = 60_000;
const CONNECT_MS = 20_000;

/**
 * Asks a server. Answers with any status but a redirect; 429 and 5xx are asked again, as `Retry-After` wants it, and so
 * are broken connections. What is private is never sent on to another origin.
 * @throws what the network says (see `explainNetwork`); BothyError `DOWNLOAD_FAILED` for endless redirects.
 */
export async function send(request: HttpRequest, clock: Clock = systemClock): Promise<HttpAnswer> {
  for (let retries = 0; ; retries++) {
    const last = await follow(request).catch((error: unknown) => ({ error }));
    const waitMs = request.retries === false ? undefined : waitBeforeNext(last, retries);
    if (waitMs === undefined || request.signal?.aborted) {
      if ("error" in last) throw last.error;
      return last;
    }
    if ("body" in last) last.body.destroy();
    debug(() => `${shownUrl(request.url)}: again in ${Math.round(waitMs)} ms`);
    await clock.sleep(waitMs, request.signal);
  }
}

/** The whole body. @throws BothyError `DOWNLOAD_FAILED` when it is longer than `limitBytes`. */
export async function readBody(answer: HttpAnswer, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer.body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > limitBytes) {
      answer.body.destroy();
      const what = `${shownUrl(answer.url)}: the answer is longer than ${limitBytes} bytes`;
      throw new BothyError("DOWNLOAD_FAILED", what);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** A URL without what may be secret: no login, and no query, in which signed links carry their signature. */
export function shownUrl(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

function waitBeforeNext(last: HttpAnswer | { error: unknown }, retries: number): number | undefined {
  if ("error" in last) return retryErrorAfterMs(codeOf(last.error), retries);
  return retryAnswerAfterMs(last.status, last.headers, retries);
}

async function follow(request: HttpRequest): Promise<HttpAnswer> {
  let url = new URL(request.url);
  let headers = { ...request.headers };
  for (let hops = 0; hops <= MOST_REDIRECTS; hops++) {
    const answer = await ask(request, url, headers);
    const { location } = answer.headers;
    if (!REDIRECTS.includes(answer.status) || !location) return answer;
    answer.body.destroy();
    const next = redirected(request, url, location);
    if (next.origin !== url.origin) headers = withoutPrivate(headers);
    url = next;
  }
  throw new BothyError("DOWNLOAD_FAILED", `${shownUrl(request.url)}: more than ${MOST_REDIRECTS} redirects`);
}

function redirected(request: HttpRequest, url: URL, location: string): URL {
  if (!URL.canParse(location, url.href)) throw badRedirect(url, "to what is no URL");
  const next = new URL(location, url);
  if (!/^https?:$/.test(next.protocol)) throw badRedirect(url, `to ${next.protocol}`);
  if (request.staysSecure && url.protocol === "https:" && next.protocol !== "https:") {
    throw badRedirect(url, `to ${next.host} without encryption: that was not followed`);
  }
  if (next.origin === url.origin) [next.username, next.password] = [url.username, url.password];
  return next;
}

function badRedirect(url: URL, where: string): BothyError {
  return new BothyError("DOWNLOAD_FAILED", `${shownUrl(url.href)} redirects ${where}`);
}

async function ask(request: HttpRequest, url: URL, headers: Record<string, string>): Promise<HttpAnswer> {
  const { default: got } = await import("got");
  const startedAt = performance.now();
  const { agentFor } = await import("./agents.ts"); // TLS takes its time to load
  const agent = await agentFor(url, request.tls?.(url.host) ?? {});
  const stream = got.stream(url, {
    method: request.method ?? "GET",
    headers: { "user-agent": "bothy", "accept-encoding": "identity", ...headers },
    ...(request.form ? { form: { ...request.form } } : {}),
    ...(request.signal ? { signal: request.signal } : {}),
    agent: url.protocol === "https:" ? { https: agent as never } : { http: agent },
    ...{ followRedirect: false, throwHttpErrors: false, decompress: false },
    ...{ retry: { limit: 0 }, timeout: timeouts(request.connectMs) },
  });
  stream.on("error", () => {}); // who reads the body meets it; nobody else is interested
  const [response] = (await once(stream, "response")) as [IncomingMessage];
  const { statusCode: status = 0, statusMessage = "", headers: told } = response;
  const ms = (performance.now() - startedAt).toFixed(0);
  debug(() => `${request.method ?? "GET"} ${shownUrl(url.href)} -> ${status} in ${ms} ms`);
  return { status, said: `${status} ${statusMessage}`.trim(), headers: told, url: url.href, body: stream };
}

function timeouts(connectMs = CONNECT_MS): Record<string, number> {
  const connecting = { lookup: connectMs, connect: connectMs, secureConnect: connectMs };
  return { ...connecting, socket: SILENCE_MS, response: SILENCE_MS };
}

function withoutPrivate(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !PRIVATE.includes(name.toLowerCase())),
  );
}
