import { type Layout, lock } from "../../../system/index.ts";
import { type HostFacts, readHostFacts } from "../host/index.ts";
import { type Runtime, type RuntimeFinder, runtimeFinder } from "../runtime/index.ts";

/** The containers of one store on this host: what every operation on a machine needs. */
export interface Store {
  readonly layout: Layout;
  host(): Promise<HostFacts>;
  runtime(): Promise<Runtime>;
  readonly findRuntime: RuntimeFinder;
  /** Held while layers are mounted or unmounted, and while a machine's record comes or goes. */
  lockLayers(signal?: AbortSignal): Promise<AsyncDisposable>;
}

/** The store of a layout; the host is asked once, when first needed. */
export function openStore(layout: Layout): Store {
  let facts: Promise<HostFacts> | undefined;
  const host = () => {
    facts ??= readHostFacts();
    return facts;
  };
  const findRuntime = runtimeFinder(layout);
  return {
    layout,
    host,
    findRuntime,
    runtime: async () => findRuntime(await host(), true),
    lockLayers: (signal) => lock(layout.lock("layers"), { signal }),
  };
}
