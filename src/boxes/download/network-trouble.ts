import { environment } from "../../system/index.ts";
import { proxyFor } from "./proxy.ts";

/** Why a server could not be talked to. */
export interface NetworkTrouble {
  /** `dns`, `refused`, `route`, `timeout`, `reset`, `certificate`, `protocol`. */
  readonly kind: "dns" | "refused" | "route" | "timeout" | "reset" | "certificate" | "protocol";
  /** To follow "HOST:": "its certificate has expired". */
  readonly why: string;
  readonly hints: readonly string[];
}

const CERTIFICATE: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "its certificate has expired",
  CERT_NOT_YET_VALID: "its certificate is not valid yet",
  DEPTH_ZERO_SELF_SIGNED_CERT: "it signed its certificate itself",
  SELF_SIGNED_CERT_IN_CHAIN: "this host does not know the authority that signed its certificate",
  UNABLE_TO_GET_ISSUER_CERT: "this host does not know the authority that signed its certificate",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "this host does not know the authority that signed its certificate",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "this host does not know the authority that signed its certificate",
  CERT_SIGNATURE_FAILURE: "the signature of its certificate is wrong",
  CERT_REVOKED: "its certificate was revoked",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is another host's",
  HOSTNAME_MISMATCH: "its certificate is another host's",
};

/** What an error of the network means in words, or `undefined` when it is none. */
export function explainNetwork(error: unknown, url: string): NetworkTrouble | undefined {
  const code = codeOf(error) ?? "";
  const certificate = CERTIFICATE[code];
  if (certificate) return { kind: "certificate", why: certificate, hints: certificateHints(code) };
  const trouble = plainTrouble(code, error);
  const proxy = trouble && proxyFor(new URL(url));
  if (!trouble || !proxy) return trouble;
  return {
    ...trouble,
    hints: [`it was asked through the proxy ${proxy.host}: check http(s)_proxy and no_proxy`],
  };
}

/** The code of an error of Node's, or of the one that caused it. */
export function codeOf(error: unknown): string | undefined {
  for (let each = error; each instanceof Error; each = each.cause) {
    const { code } = each as NodeJS.ErrnoException;
    if (code && code !== "ERR_GOT_REQUEST_ERROR") return code;
  }
  return undefined;
}

function plainTrouble(code: string, error: unknown): NetworkTrouble | undefined {
  switch (code) {
    case "ENOTFOUND":
      return { kind: "dns", why: "there is no host of that name", hints: dnsHints(code) };
    case "EAI_AGAIN":
      return { kind: "dns", why: "no name server tells where it is", hints: dnsHints(code) };
    case "ECONNREFUSED":
      return {
        kind: "refused",
        why: "nothing listens there",
        hints: ["is it running, and is the port right?"],
      };
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "EHOSTDOWN":
      return { kind: "route", why: "there is no way to it", hints: ["ip route"] };
    case "ETIMEDOUT":
      return { kind: "timeout", why: "it does not answer in time", hints: ["try again"] };
    case "ECONNRESET":
    case "EPIPE":
    case "ECONNABORTED":
      return { kind: "reset", why: "it closed the connection", hints: ["try again"] };
    case "EPROTO":
      return { kind: "protocol", why: "it does not speak TLS", hints: plainHttpHints() };
    case "ERR_HTTP_CONTENT_LENGTH_MISMATCH":
      return { kind: "reset", why: "it sent less than it announced", hints: ["try again"] };
    default:
      if (code.startsWith("HPE_")) return { kind: "protocol", why: "it does not speak HTTP", hints: [] };
      return code.startsWith("ERR_SSL_")
        ? { kind: "protocol", why: "it does not speak TLS as we do", hints: plainHttpHints() }
        : proxyTrouble(error);
  }
}

/** What a proxy says to a tunnel has no code. */
function proxyTrouble(error: unknown): NetworkTrouble | undefined {
  const status = error instanceof Error ? /^Bad response: (\d+)$/.exec(error.message)?.[1] : undefined;
  if (!status) return undefined;
  return { kind: "route", why: `the proxy answered ${status} instead of connecting to it`, hints: [] };
}

function certificateHints(code: string): string[] {
  if (code === "CERT_NOT_YET_VALID") return ["is the clock of this host right? `date`"];
  return [
    "trust its authority: `ca: FILE.pem` for this registry in registries.yaml (docs/registries.md), or update-ca-certificates",
  ];
}

function dnsHints(code: string): string[] {
  const isBehindProxy = environment("https_proxy") ?? environment("HTTPS_PROXY");
  const proxy = isBehindProxy ? [] : ["behind a proxy? export https_proxy=http://PROXY:PORT"];
  return code === "EAI_AGAIN" ? ["is this host on the network? resolvectl status", ...proxy] : proxy;
}

function plainHttpHints(): string[] {
  return ["if it is meant to: `http: true` for this registry in registries.yaml (docs/registries.md)"];
}
