import type { Layout } from "../system/index.ts";
import type { Isolation, Provider } from "./provider.ts";

/** The providers of this installation: the one place that names them. Loaded when first asked for. */
const LOADERS: Record<Isolation, (layout: Layout) => Promise<Provider>> = {
  container: async (layout) => (await import("./oci/index.ts")).ociProvider({ layout }),
  vm: async (layout) => (await import("./libvirt/index.ts")).libvirtProvider({ layout }),
};

/** Every level, in the order in which they are listed to people. */
export const ISOLATIONS = Object.keys(LOADERS) as Isolation[];

/** Finds the provider of a level. */
export interface ProviderRegistry {
  get(isolation: Isolation): Promise<Provider>;
}

/** The registry of one store; each provider is made once. */
export function providerRegistry(layout: Layout): ProviderRegistry {
  const made = new Map<Isolation, Promise<Provider>>();
  return {
    get(isolation) {
      const provider = made.get(isolation) ?? LOADERS[isolation](layout);
      made.set(isolation, provider);
      return provider;
    },
  };
}
