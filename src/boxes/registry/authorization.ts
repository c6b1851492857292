import type { Clock } from "../../system/index.ts";
import type { HttpAnswer } from "../download/index.ts";
import { type Challenge, parseChallenges } from "./challenge.ts";
import { type Credential, findCredential } from "./credentials.ts";
import { denied, readRefusal } from "./failures.ts";
import { basicHeader, fetchToken, type TokenRequest } from "./token.ts";

/** What opens one repository of one registry; shared by all requests to it. */
export interface Authorization {
  /** The header to send now; none before the registry has asked for one. */
  readonly header: string | undefined;
  /**
   * After a 401: gets what the registry wants, once for all requests that met it together.
   * @param used the header that was refused.
   * @throws BothyError `REGISTRY_DENIED` when there is nothing more to try, and what fetching tokens throws.
   */
  renew(answer: HttpAnswer, used: string | undefined, what: string): Promise<void>;
  /** The error for an answer that refuses what we are allowed to show: 403, or 401 again. */
  refused(answer: HttpAnswer, what: string): Promise<Error>;
}

/** Nobody is asked for anything before the registry wants it: most images need no credentials. */
export function authorization(request: Omit<TokenRequest, "url">, clock: Clock): Authorization {
  let header: string | undefined;
  let pending: Promise<string> | undefined;
  let tried: Credential | undefined;
  const refused = async (answer: HttpAnswer, what: string) =>
    denied(what, request.host, (await readRefusal(answer)).said, tried);
  const obtain = async (answer: HttpAnswer, used: string | undefined, what: string) => {
    tried = await findCredential(request.host).catch((error: unknown) => {
      answer.body.destroy();
      throw error;
    });
    const next = await headerFor({ ...request, url: answer.url }, answer, tried, clock);
    if (next === undefined || next === used) throw await refused(answer, what);
    answer.body.destroy();
    return next;
  };
  return {
    get header() {
      return header;
    },
    renew: async (answer, used, what) => {
      if (header !== used) return answer.body.destroy() && undefined; // another request has renewed it meanwhile
      if (pending !== undefined) answer.body.destroy();
      pending ??= obtain(answer, used, what).finally(() => (pending = undefined));
      header = await pending;
    },
    refused,
  };
}

async function headerFor(
  request: TokenRequest,
  answer: HttpAnswer,
  credential: Credential | undefined,
  clock: Clock,
): Promise<string | undefined> {
  const challenges = parseChallenges(answer.headers["www-authenticate"] ?? "");
  const offered = (scheme: string): Challenge | undefined =>
    challenges.find((challenge) => challenge.scheme === scheme);
  const bearer = offered("bearer");
  if (bearer && credential?.registryToken) return `Bearer ${credential.registryToken}`;
  if (bearer) return `Bearer ${await fetchToken(request, bearer, credential, clock)}`;
  const takesPassword = offered("basic") !== undefined || challenges.length === 0;
  return takesPassword && credential?.password !== undefined ? basicHeader(credential) : undefined;
}
