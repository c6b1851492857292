import type { IncomingHttpHeaders } from "node:http";

/** A server that asks for more patience than this is not waited for. */
export const MOST_PATIENCE_MS = 60_000;
/** Attempts after the first. */
const MOST_RETRIES = 4;
const FIRST_WAIT_MS = 500;

/** Errors of the network that pass by themselves. */
const PASSING = ["ECONNRESET", "EPIPE", "ETIMEDOUT", "EAI_AGAIN", "ENETRESET", "ECONNABORTED"];

/** How long to wait before the same request is sent again, or `undefined` when that is no use. */
export function retryAnswerAfterMs(
  status: number,
  headers: IncomingHttpHeaders,
  retries: number,
  wallMs = Date.now(),
): number | undefined {
  if (!isPassingStatus(status) || retries >= MOST_RETRIES) return undefined;
  const asked = retryAfterMs(headers, wallMs);
  if (asked === undefined) return backoffMs(retries);
  return asked > MOST_PATIENCE_MS ? undefined : asked;
}

/** The same for a request that got no answer: `code` is the error's. */
export function retryErrorAfterMs(code: string | undefined, retries: number): number | undefined {
  return code && PASSING.includes(code) && retries < 2 ? backoffMs(retries) : undefined;
}

/** Too many requests, or a trouble of the server's own that may be over soon. */
export function isPassingStatus(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status !== 501);
}

/** What `Retry-After` asks for, in seconds or as a date (by the server's clock where it tells it). */
export function retryAfterMs(headers: IncomingHttpHeaders, wallMs = Date.now()): number | undefined {
  const asked = headers["retry-after"]?.trim();
  if (!asked) return undefined;
  if (/^\d+$/.test(asked)) return Number(asked) * 1000;
  const [at, now] = [Date.parse(asked), Date.parse(headers.date ?? "")];
  if (Number.isNaN(at)) return undefined;
  return Math.max(0, at - (Number.isNaN(now) ? wallMs : now));
}

/** Doubles each time, with a little chance in it, so that many clients do not come back together. */
export function backoffMs(retries: number): number {
  return FIRST_WAIT_MS * 2 ** retries * (1 + Math.random() / 4);
}
