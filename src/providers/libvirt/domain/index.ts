/** A machine as a libvirt domain: who it is, how it is written down, what its state means. No I/O but the template. */
export { domainNames, domainUuid } from "./identity.ts";
export { type DomainTag, METADATA_NAMESPACE, parseMetadata } from "./metadata.ts";
export { diskName, MAX_DEVICES, pciAddress } from "./placement.ts";
export { isDead, isEnding, machineState } from "./state.ts";
export { type Acceleration, type DomainFacts, type DomainView, domainView, type VmSpec } from "./view.ts";
export { renderDomain } from "./xml.ts";
