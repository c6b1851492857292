import { BothyError } from "../../errors.ts";
import { type Clock, systemClock } from "../../system/index.ts";
import { type Place, type RegistryClient, registryClient } from "./client.ts";
import { canonicalReference, type ImageReference } from "./reference.ts";
import { readSettings, type Settings } from "./settings.ts";

/** How a registry is used. */
export interface UseOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told what a person may want to know: that a mirror failed. */
  readonly report?: ((line: string) => void) | undefined;
  readonly clock?: Clock | undefined;
}

/** docker.io is a name; this is where it answers. */
const API_HOSTS: Readonly<Record<string, string>> = { "docker.io": "registry-1.docker.io" };

/** Where an image can be had, in the order in which to ask: its mirrors, then its own registry. */
export async function connect(reference: ImageReference, options: UseOptions): Promise<RegistryClient[]> {
  const settings = await readSettings();
  const places = [...mirrorsOf(reference, settings), originOf(reference, settings)];
  const { clock = systemClock, signal } = options;
  return places.map((place) => registryClient(place, settings, clock, signal));
}

/**
 * Does something with the first place that can do it. What a mirror answers is told and passed over; what the registry
 * itself answers counts.
 */
export async function withFirst<T>(
  clients: readonly RegistryClient[],
  reference: ImageReference,
  options: UseOptions,
  use: (client: RegistryClient) => Promise<T>,
): Promise<T> {
  for (const client of clients.slice(0, -1)) {
    try {
      return await use(client);
    } catch (error) {
      if (!(error instanceof BothyError) || error.code === "INTERRUPTED" || options.signal?.aborted)
        throw error;
      options.report?.(
        `${canonicalReference(reference)}: the mirror ${client.host} failed: ${error.message}`,
      );
    }
  }
  return use(clients.at(-1) as RegistryClient);
}

function originOf({ host, repository }: ImageReference, settings: Settings): Place {
  const protocol = settings.of(host).http ? "http:" : undefined;
  return { host: API_HOSTS[host] ?? host, account: host, repository, isMirror: false, protocol };
}

function mirrorsOf({ host, repository }: ImageReference, settings: Settings): Place[] {
  return (settings.of(host).mirrors ?? []).map((text) => {
    const [, scheme, authority = "", prefix = ""] = /^(?:(https?:)\/\/)?([^/]+)\/?(.*?)\/*$/.exec(text) ?? [];
    const fixed = scheme as Place["protocol"];
    return {
      ...{ host: authority, account: authority.toLowerCase(), isMirror: true },
      repository: prefix ? `${prefix}/${repository}` : repository,
      protocol: fixed ?? (settings.of(authority).http ? "http:" : undefined),
    };
  });
}
