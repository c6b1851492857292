import { link, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, type Layout, systemClock } from "../../system/index.ts";
import { takeTarget } from "../download/index.ts";
import type { Descriptor } from "../oci/schema.ts";
import type { BlobOptions, ImageSource } from "../oci/source.ts";
import type { RegistryClient } from "./client.ts";
import { transferBlob } from "./transfer-blob.ts";

type Blobs = Pick<ImageSource, "blob" | "forget"> & AsyncDisposable;

/** What the blobs of one image share. */
interface BlobContext {
  readonly title: string;
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock | undefined;
}

/** A blob that is in use here: the file of its digest may be another process's to remove, our name for it is not. */
interface Held {
  readonly path: Promise<string>;
  users: number;
}

let count = 0;

/**
 * The blobs of one image: `downloads/ALGORITHM-HEX`, which all processes share, and a hard link of this source's own to
 * each that it hands out, so that another import which is done with it cannot take it away.
 */
export function blobStore(layout: Layout, clients: readonly RegistryClient[], context: BlobContext): Blobs {
  const held = new Map<string, Held>();
  const suffix = `${process.pid}-${count++}`;
  return {
    blob: (descriptor, options = {}) => {
      const present = held.get(descriptor.digest);
      if (present) {
        present.users++;
        return present.path;
      }
      const path = fetchBlob(layout, clients, descriptor, context, options, suffix);
      held.set(descriptor.digest, { path, users: 1 });
      path.catch(() => held.delete(descriptor.digest));
      return path;
    },
    forget: async ({ digest }) => {
      const one = held.get(digest);
      if (!one || --one.users > 0) return;
      held.delete(digest);
      await release(await one.path, targetOf(layout, digest));
    },
    [Symbol.asyncDispose]: async () => {
      const paths = await Promise.allSettled([...held.values()].map(({ path }) => path));
      for (const each of paths) if (each.status === "fulfilled") await rm(each.value, { force: true });
      held.clear();
    },
  };
}

function targetOf(layout: Layout, digest: string): string {
  return join(layout.downloads(), digest.replace(":", "-"));
}

async function fetchBlob(
  layout: Layout,
  clients: readonly RegistryClient[],
  descriptor: Descriptor,
  context: BlobContext,
  options: BlobOptions,
  suffix: string,
): Promise<string> {
  const target = targetOf(layout, descriptor.digest);
  const [algorithm = "", hex = ""] = descriptor.digest.split(":");
  const title = `blob ${algorithm}:${hex.slice(0, 12)} of ${context.title}`;
  const signal = AbortSignal.any([context.signal, options.signal].filter((each) => each !== undefined));
  await using _held = await takeTarget(target, signal);
  const checksum = { algorithm: algorithm as "sha256" | "sha512", hex };
  const request = { title, target, expect: { size: descriptor.size, checksum }, signal };
  const { clock = systemClock } = context;
  await transferBlob(clients, descriptor, { ...request, onBytes: options.onBytes }, clock);
  const own = `${target}.${suffix}`;
  await rm(own, { force: true });
  await link(target, own);
  return own;
}

async function release(own: string, target: string): Promise<void> {
  await using _held = await takeTarget(target);
  await rm(own, { force: true });
  await rm(target, { force: true });
}
