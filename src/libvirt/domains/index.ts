export type { DomainInfo, MetadataElement } from "./details.ts";
export { createDomains, type Domains } from "./domains.ts";
export * from "./flags.ts";
export type { AgentOptions, PortOptions } from "./guest.ts";
export { type LifecycleEvent, type LifecycleType, lifecycleEvent } from "./lifecycle.ts";
export { type DomainState, type DomainStatus, domainStatus } from "./states.ts";
