/** The projects' networks on this host: addresses, bridges, rules, names. */
export { allocate, allocated, type NicsByMachine, release } from "./allocate.ts";
export { checkNetwork } from "./check.ts";
export { domainOf, linkTag } from "./identity.ts";
export { stopNames, updateNames } from "./names.ts";
export type { NamedMachine, ProjectRef } from "./names-files.ts";
export { ensureNetwork, inspectNetwork, type LiveNetwork, removeNetwork } from "./network.ts";
export { type Leftover, sweepNetworks } from "./sweep.ts";
