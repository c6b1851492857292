import { BothyError } from "../../errors.ts";
import { explainNetwork, formatBytes, type HttpAnswer, readBody } from "../download/index.ts";
import { type Credential, credentialsFile } from "./credentials.ts";

/** As much of an error's body as is read. */
const BODY_BYTES = 64 << 10;

/** What a registry says when it refuses: its own codes (`MANIFEST_UNKNOWN`) and words. */
export interface Refusal {
  readonly status: number;
  readonly codes: readonly string[];
  /** `429 Too Many Requests: pull rate limit`, in one line. */
  readonly said: string;
  readonly retryAfter?: string | undefined;
}

/** The error for a registry that cannot be talked to, as it is when it is no trouble of the network. */
export function unreachable(error: unknown, host: string, url: string): unknown {
  const trouble = explainNetwork(error, url);
  if (!trouble) return error;
  const isMistyped = trouble.kind === "dns";
  return new BothyError("REGISTRY_UNREACHABLE", `cannot reach the registry \`${host}\`: ${trouble.why}`, {
    hints: [...(isMistyped ? ["is the host in the image's name spelled right?"] : []), ...trouble.hints],
    cause: error,
  });
}

/** Reads why a request was refused; uses up the answer. */
export async function readRefusal(answer: HttpAnswer): Promise<Refusal> {
  const { status, headers } = answer;
  const body = await readBody(answer, BODY_BYTES).catch(() => Buffer.alloc(0));
  const errors = errorsIn(body.toString("utf8"));
  const words = [...new Set(errors.map(({ code, message }) => message ?? code).filter(Boolean))].join("; ");
  const title = answer.said;
  return {
    status,
    codes: errors.map(({ code }) => code ?? ""),
    said: words ? `${title}: ${plain(words)}` : title,
    retryAfter: headers["retry-after"],
  };
}

/** The error for credentials that do not open it: names which was tried, and how to have another. */
export function denied(what: string, host: string, said: string, tried: Credential | undefined): BothyError {
  const file = credentialsFile();
  const how = tried ? `as ${tried.shown}` : `without credentials (there are none for \`${host}\` in ${file})`;
  return new BothyError("REGISTRY_DENIED", `${host} refuses ${what}, asked ${how}: ${said}`, {
    hints: [
      `docker login ${host}   (or: skopeo login --authfile ${file} ${host})`,
      "is the name right? registries answer so for images that they do not have, too",
    ],
  });
}

/** The error for everything else that a registry answers. */
export function failed(what: string, host: string, { said, status, retryAfter }: Refusal): BothyError {
  const message = `${host} failed for ${what}: ${said}`;
  if (status < 500 && status !== 429) {
    return new BothyError("REGISTRY_FAILED", message, {
      hints: [`does a registry listen there? curl -i ${host}/v2/`],
    });
  }
  if (status !== 429) return new BothyError("REGISTRY_FAILED", message, { hints: ["try again later"] });
  const wait = retryAfter ? [`it asks to be left alone: Retry-After: ${retryAfter}`] : ["try again later"];
  return new BothyError("REGISTRY_FAILED", message, {
    hints: [...wait, `registries often allow more after a login: docker login ${host}`],
  });
}

/** The error for documents that are longer than anything of their kind. */
export function tooLong(what: string, host: string, limitBytes: number): BothyError {
  return new BothyError("IMAGE_INVALID", `${host}: ${what} is longer than ${formatBytes(limitBytes)}`);
}

function errorsIn(text: string): { code?: string; message?: string }[] {
  try {
    const { errors } = JSON.parse(text) as { errors?: unknown };
    if (!Array.isArray(errors)) return [];
    return errors.map((error: { code?: unknown; message?: unknown } | null) => ({
      ...(typeof error?.code === "string" ? { code: error.code } : {}),
      ...(typeof error?.message === "string" && error.message ? { message: error.message } : {}),
    }));
  } catch {
    return [];
  }
}

/** What a server says goes to a terminal: one line, no control characters. */
function plain(text: string): string {
  return text.replace(/\p{C}+/gu, " ").slice(0, 300);
}
