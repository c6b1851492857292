export {
  ConnectError,
  type ConnectFailure,
  ConnectionLostError,
  type LossReason,
  ProtocolError,
} from "./connection-errors.ts";
export { ErrorCode, type ErrorCodeName, errorCodeName } from "./error-code.ts";
export { LibvirtError, type LibvirtErrorFields } from "./libvirt-error.ts";
