import type { Layout } from "../../system/index.ts";
import type { Freezable } from "../freezable.ts";
import type { Provider } from "../provider.ts";
import { connectTo } from "./connection/index.ts";
import { freezeMachine, inspectMachines, openStore, startMachine, stopMachine } from "./machine/index.ts";
import { checkHost } from "./runtime/index.ts";

/** What the container provider is made from. */
export interface OciOptions {
  readonly layout: Layout;
}

/** Runs machines as OCI containers: `runc` or `crun` under `conmon`, no daemon of ours. */
export function ociProvider(options: OciOptions): Provider & Freezable {
  const store = openStore(options.layout);
  return {
    name: "oci",
    isolation: "container",
    features: { ownKernel: false, liveLimits: false, execWithoutNetwork: true, bootsDisks: false },
    check: () => checkHost(store.findRuntime),
    start: (spec, context = {}) => startMachine(store, spec, context),
    stop: (id, stop) => stopMachine(store, id, stop),
    inspect: () => inspectMachines(store.layout),
    connect: (id) => connectTo(store, id),
    freeze: (id) => freezeMachine(store.layout, id),
  };
}
