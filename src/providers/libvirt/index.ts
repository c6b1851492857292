/** Machines as libvirt/QEMU VMs: the folder's only door. */
import type { Freezable } from "../freezable.ts";
import type { Provider } from "../provider.ts";
import { checkHost } from "./check.ts";
import { connectMachine } from "./connect.ts";
import { freezeDomain } from "./freeze.ts";
import { inspectDomains } from "./inspect.ts";
import { startDomain } from "./start.ts";
import { stopDomain } from "./stop.ts";
import type { Surroundings } from "./surroundings.ts";

/** Where the provider lives: its store, and its daemon when that is not the host's own. */
export type LibvirtOptions = Surroundings;

/** The provider of the `vm` level. Connects at each call and holds nothing between them. */
export function libvirtProvider(options: LibvirtOptions): Provider & Freezable {
  return {
    name: "libvirt",
    isolation: "vm",
    features: { ownKernel: true, liveLimits: false, execWithoutNetwork: false, bootsDisks: true },
    check: () => checkHost(options),
    start: (spec, context = {}) => startDomain(options, spec, context),
    stop: (id, stopOptions) => stopDomain(options, id, stopOptions),
    inspect: () => inspectDomains(options),
    connect: (id, management) => connectMachine(options, id, management),
    freeze: (id, management) => freezeDomain(options, id, management),
  };
}
