import { BothyError, type ErrorCode } from "../../../errors.ts";
import {
  ConnectError,
  ConnectionLostError,
  ErrorCode as Libvirt,
  LibvirtError,
} from "../../../libvirt/index.ts";
import { packageOf } from "../../../system/index.ts";

/** The package that lets libvirt run QEMU; only recommended by the daemon's own package. */
export const DRIVER_PACKAGE = "libvirt-daemon-driver-qemu";

const REFUSALS: readonly number[] = [
  Libvirt.AUTH_FAILED,
  Libvirt.AUTH_CANCELLED,
  Libvirt.AUTH_UNAVAILABLE,
  Libvirt.ACCESS_DENIED,
  Libvirt.OPERATION_DENIED,
];

/**
 * libvirt's errors become ours here and nowhere else: by class and code, never by message.
 * `doing` completes "libvirt failed to ...", `code` is for a refusal that has no code of its own.
 * Any other error passes as it is.
 */
export function translate(error: unknown, doing: string, code: ErrorCode = "DAEMON_FAILED"): unknown {
  if (error instanceof ConnectionLostError) return lost(error, doing);
  if (error instanceof ConnectError) return unreachable(error);
  if (!(error instanceof LibvirtError)) return error;
  if (error.code === Libvirt.NO_CONNECT) return noDriver(error);
  const ours = REFUSALS.includes(error.code) ? "DAEMON_UNREACHABLE" : code;
  return new BothyError(ours, `libvirt failed to ${doing}: ${error.message} (${error.codeName})`, {
    hints: [
      "`bothy doctor` checks the daemon",
      "its log: /var/log/libvirt/qemu/, or `journalctl -u libvirtd`",
    ],
    cause: error,
  });
}

/** True when libvirt says that there is no such domain. */
export function isNoDomain(error: unknown): boolean {
  return error instanceof LibvirtError && error.code === Libvirt.NO_DOMAIN;
}

/** True when the domain is there and the call does not fit its state any more (it stops just now). */
export function isStateChanged(error: unknown): boolean {
  return error instanceof LibvirtError && error.code === Libvirt.OPERATION_INVALID;
}

function lost(cause: ConnectionLostError, doing: string): BothyError {
  return new BothyError("DAEMON_LOST", `the libvirt daemon went away while bothy was about to ${doing}`, {
    hints: [
      "run the same command again: a running VM survives its daemon",
      "`bothy doctor` checks the daemon",
    ],
    cause,
  });
}

function unreachable(cause: ConnectError): BothyError {
  return new BothyError("DAEMON_UNREACHABLE", `no connection to libvirt: ${cause.message}`, {
    hints: ["`bothy doctor` checks the daemon"],
    cause,
  });
}

function noDriver(cause: LibvirtError): BothyError {
  return new BothyError("TOOL_MISSING", `the libvirt daemon cannot run QEMU: ${cause.message}`, {
    hints: [
      `apt-get install ${DRIVER_PACKAGE} ${packageOf("qemu-system-x86_64")}`,
      "then restart the daemon",
    ],
    cause,
  });
}
