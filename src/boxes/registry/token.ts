import * as z from "zod";
import { BothyError } from "../../errors.ts";
import { type Clock, debug } from "../../system/index.ts";
import {
  type HttpAnswer,
  type HttpRequest,
  isLoopback,
  readBody,
  send,
  type TlsChoice,
} from "../download/index.ts";
import type { Challenge } from "./challenge.ts";
import type { Credential } from "./credentials.ts";
import { denied, failed, readRefusal, unreachable } from "./failures.ts";

/** What a token is asked for. */
export interface TokenRequest {
  /** The registry's. */
  readonly host: string;
  readonly repository: string;
  /** Where the registry was asked; a relative realm is meant against it. */
  readonly url: string;
  readonly tls: (host: string) => TlsChoice;
  readonly signal?: AbortSignal | undefined;
}

const answerSchema = z.object({ token: z.string().nullish(), access_token: z.string().nullish() });
const LIMIT_BYTES = 1 << 20;
const CLIENT = "bothy";

/**
 * Fetches a token as a `Bearer` challenge wants it: with the credential, its identity token, or nothing.
 * @throws BothyError `REGISTRY_DENIED`, `REGISTRY_UNREACHABLE`, `REGISTRY_FAILED`.
 */
export async function fetchToken(
  request: TokenRequest,
  challenge: Challenge,
  credential: Credential | undefined,
  clock: Clock,
): Promise<string> {
  const realm = realmOf(request, challenge);
  if (credential) refusePlainText(request, realm, credential);
  const scope = challenge.parameters["scope"] ?? `repository:${request.repository}:pull`;
  const { service } = challenge.parameters;
  debug(() => `asking ${realm.host} for a token${credential ? ` as ${credential.shown}` : ""}: ${scope}`);
  const asked = credential?.identityToken
    ? exchange(realm, service, scope, credential.identityToken)
    : login(realm, service, scope, credential);
  const { tls, signal } = request;
  const answer = await send({ ...asked, tls, signal, staysSecure: true }, clock).catch((error: unknown) => {
    throw unreachable(error, realm.host, realm.href);
  });
  const what = `a token for \`${request.repository}\``;
  if (answer.status === 200) return read(await readWhole(answer, realm), realm);
  const refusal = await readRefusal(answer);
  if ([400, 401, 403].includes(answer.status)) throw denied(what, request.host, refusal.said, credential);
  throw failed(what, realm.host, refusal);
}

function realmOf(request: TokenRequest, { parameters }: Challenge): URL {
  const realm = parameters["realm"] ?? "";
  const url = URL.canParse(realm, request.url) ? new URL(realm, request.url) : undefined;
  if (realm && url && /^https?:$/.test(url.protocol)) return url;
  const message = `${request.host} wants a token from \`${realm}\`, which is no URL`;
  throw new BothyError("REGISTRY_FAILED", message, {
    hints: ["its own configuration is wrong: tell its owner"],
  });
}

/** A registry with TLS must not make us send a password past it in the clear. */
function refusePlainText({ host, url }: TokenRequest, realm: URL, credential: Credential): void {
  if (realm.protocol === "https:" || isLoopback(realm.hostname) || !url.startsWith("https:")) return;
  const message = `${host} wants ${credential.shown} sent to ${realm.host} without encryption: that was not done`;
  throw new BothyError("REGISTRY_FAILED", message, {
    hints: ["its own configuration is wrong: tell its owner"],
  });
}

function login(realm: URL, service: string | undefined, scope: string, credential?: Credential): HttpRequest {
  const url = new URL(realm);
  if (service) url.searchParams.set("service", service);
  for (const one of scope.split(" ").filter(Boolean)) url.searchParams.append("scope", one);
  if (credential?.user === undefined) return { url: url.href };
  url.searchParams.set("account", credential.user);
  url.searchParams.set("client_id", CLIENT);
  return { url: url.href, headers: { authorization: basicHeader(credential) } };
}

function exchange(realm: URL, service: string | undefined, scope: string, secret: string): HttpRequest {
  const form = { grant_type: "refresh_token", client_id: CLIENT, scope, refresh_token: secret };
  return { url: realm.href, method: "POST", form: { ...form, ...(service ? { service } : {}) } };
}

/** `Basic ...` for a credential with a password. */
export function basicHeader({ user, password }: Credential): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

async function readWhole(answer: HttpAnswer, realm: URL): Promise<Buffer> {
  return readBody(answer, LIMIT_BYTES).catch((error: unknown) => {
    throw unreachable(error, realm.host, realm.href);
  });
}

function read(body: Buffer, realm: URL): string {
  try {
    const { token, access_token } = answerSchema.parse(JSON.parse(body.toString("utf8")));
    const found = token ?? access_token;
    if (found) return found;
  } catch {} // said below, without the text: it may hold a token
  throw new BothyError("REGISTRY_FAILED", `${realm.host} answered with no token`, {
    hints: ["try again later"],
  });
}
