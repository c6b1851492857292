import { BothyError } from "../../errors.ts";
import { type Clock, debug } from "../../system/index.ts";
import { type HttpAnswer, send, type Transfer, transfer } from "../download/index.ts";
import type { Descriptor } from "../oci/schema.ts";
import type { RegistryClient } from "./client.ts";
import { failed, readRefusal, unreachable } from "./failures.ts";

/** Where the bytes go and how they are counted; how they are asked for is found out here. */
type BlobTransfer = Omit<Transfer, "open"> & { readonly signal: AbortSignal };

/**
 * Brings a blob from the first place that has it. A place whose bytes end early or are others than promised is left
 * out in favour of those after it, which go on where it ended.
 * @throws BothyError as `transfer` does, for the last place.
 */
export async function transferBlob(
  clients: readonly RegistryClient[],
  descriptor: Descriptor,
  request: BlobTransfer,
  clock: Clock,
): Promise<void> {
  let counted = 0;
  const onBytes = (bytes: number) => {
    counted += bytes;
    request.onBytes?.(bytes);
  };
  for (let at = 0; ; at++) {
    const open = (headers: Record<string, string>) =>
      openBlob(clients.slice(at), descriptor, headers, request, clock);
    try {
      await transfer({ ...request, onBytes, open }, clock);
      return;
    } catch (error) {
      if (at + 1 >= clients.length || !isOfThePlace(error)) throw error;
      debug(() => `${clients[at]?.host} is left out: ${error.message}`);
      onBytes(-counted); // what is there already counts again
    }
  }
}

function isOfThePlace(error: unknown): error is BothyError {
  return error instanceof BothyError && ["DOWNLOAD_FAILED", "CHECKSUM_MISMATCH"].includes(error.code);
}

/** The place that had the manifest is asked first; the others count when it fails. */
async function openBlob(
  clients: readonly RegistryClient[],
  descriptor: Descriptor,
  headers: Record<string, string>,
  { title: what, signal }: BlobTransfer,
  clock: Clock,
): Promise<HttpAnswer> {
  let first: unknown;
  for (const client of clients) {
    try {
      const answer = await client.ask({ path: `blobs/${descriptor.digest}`, what, headers, signal });
      if ([200, 206, 416].includes(answer.status)) return answer;
      throw failed(what, client.host, await readRefusal(answer));
    } catch (error) {
      if (signal.aborted || !(error instanceof BothyError)) throw error;
      first ??= error;
    }
  }
  for (const url of descriptor.urls ?? []) {
    const answer = await openElsewhere(url, headers, signal, clock);
    if (answer) return answer;
  }
  throw first;
}

/** Layers that may not be distributed lie where the manifest says; the digest proves them. */
async function openElsewhere(
  url: string,
  headers: Record<string, string>,
  signal: AbortSignal,
  clock: Clock,
): Promise<HttpAnswer | undefined> {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) return undefined;
  const answer = await send({ url, headers, signal }, clock).catch((error: unknown) => {
    throw unreachable(error, new URL(url).host, url);
  });
  if ([200, 206, 416].includes(answer.status)) return answer;
  answer.body.destroy();
  return undefined;
}
