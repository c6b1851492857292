import { BothyError } from "../../errors.ts";
import type { Clock } from "../../system/index.ts";
import { type HttpAnswer, isLoopback, send, type TlsChoice } from "../download/index.ts";
import { authorization } from "./authorization.ts";
import { unreachable } from "./failures.ts";
import type { Settings } from "./settings.ts";

/** A place that has a repository: a registry, or a mirror of it. */
export interface Place {
  /** `registry-1.docker.io`, `localhost:5000`. */
  readonly host: string;
  /** Whose credentials are used: `docker.io`. */
  readonly account: string;
  readonly repository: string;
  readonly isMirror: boolean;
  /** Where the settings leave no choice. */
  readonly protocol?: "http:" | "https:" | undefined;
}

/** One request to a registry, below `/v2/REPOSITORY/`. */
export interface RegistryRequest {
  /** `manifests/1.27` */
  readonly path: string;
  /** For messages: "the manifest of nginx:1.27". */
  readonly what: string;
  readonly method?: "GET" | "HEAD" | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
  /** False: any answer is final. */
  readonly retries?: boolean | undefined;
}

/** Talks to one place about one repository. */
export interface RegistryClient extends Place {
  /**
   * Any answer but 401 and 403.
   * @throws BothyError `REGISTRY_UNREACHABLE`, `REGISTRY_DENIED`, `CREDENTIALS_INVALID`, `REGISTRY_FAILED`.
   */
  ask(request: RegistryRequest): Promise<HttpAnswer>;
}

/** Some servers wait for the end of a line that no greeting of TLS has. */
const PROBE_MS = 5000;

/** A client; nothing is asked yet. The signal ends what its requests share. */
export function registryClient(
  place: Place,
  settings: Settings,
  clock: Clock,
  signal?: AbortSignal,
): RegistryClient {
  const { host, account, repository } = place;
  const tls = (asked: string) => tlsOf(settings, asked);
  const access = authorization({ host: account, repository, tls, signal }, clock);
  let protocol: Promise<string> | undefined;
  const once = async (request: RegistryRequest): Promise<HttpAnswer> => {
    protocol ??= place.protocol ? Promise.resolve(place.protocol) : findProtocol(host, clock, signal);
    const url = `${await protocol}//${host}/v2/${repository}/${request.path}`;
    const { header } = access;
    const headers = { ...request.headers, ...(header ? { authorization: header } : {}) };
    const staysSecure = !request.path.startsWith("blobs/"); // those have their digest
    const asked = { ...request, url, headers, tls, staysSecure, signal: request.signal ?? signal };
    return send(asked, clock).catch((error: unknown) => {
      throw unreachable(error, host, url);
    });
  };
  return {
    ...place,
    ask: async (request) => {
      const used = access.header;
      let answer = await once(request);
      if (answer.status === 401) {
        await access.renew(answer, used, request.what);
        answer = await once(request);
      }
      if (answer.status === 401 || answer.status === 403) throw await access.refused(answer, request.what);
      return answer;
    },
  };
}

function tlsOf(settings: Settings, host: string): TlsChoice {
  const { insecure, ca } = settings.of(host);
  return { insecure, authorities: [...settings.authorities, ...(ca ? [ca] : [])] };
}

/**
 * Registries speak TLS. Only one on this host may speak plain HTTP without being configured to: TLS is tried first, so
 * that a registry with TLS never gets a password in the clear, and what does not understand it is asked again without.
 * Whether its certificate is trusted is left to the first request: the probe carries nothing.
 */
async function findProtocol(host: string, clock: Clock, signal?: AbortSignal): Promise<string> {
  if (!isLoopback(host.replace(/:\d+$/, ""))) return "https:";
  const url = `https://${host}/v2/`;
  const tls = () => ({ insecure: true });
  try {
    const probe = { url, tls, signal, retries: false, staysSecure: true, connectMs: PROBE_MS };
    (await send(probe, clock)).body.destroy();
    return "https:";
  } catch (error) {
    if (error instanceof BothyError && error.code === "DOWNLOAD_FAILED") return "https:"; // it redirects somewhere
    if (speaksNoTls(error)) return "http:";
    throw unreachable(error, host, url);
  }
}

function speaksNoTls(error: unknown): boolean {
  const { code = "" } = error as NodeJS.ErrnoException;
  return ["EPROTO", "ECONNRESET", "ETIMEDOUT"].includes(code) || code.startsWith("ERR_SSL_");
}
