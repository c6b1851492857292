export { LibvirtClient } from "./client.ts";
export { type ConnectOptions, connect } from "./connect.ts";
export {
  type DomainCapabilitiesQuery,
  Feature,
  type Host,
  type HypervisorLoss,
  type Version,
} from "./host.ts";
