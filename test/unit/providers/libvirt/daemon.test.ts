import { expect, test } from "vitest";
import { ConnectError, ConnectionLostError, ErrorCode, LibvirtError } from "../../../../src/libvirt/index.ts";
import { isNoDomain, isStateChanged, translate } from "../../../../src/providers/libvirt/daemon/index.ts";
import { describeEnd, panicIn } from "../../../../src/providers/libvirt/qemu-log.ts";

function libvirtError(code: number, message: string): LibvirtError {
  const none = { str1: null, str2: null, str3: null, int1: 0, int2: 0 };
  return new LibvirtError("DOMAIN_CREATE_XML", { code, domain: 10, level: 2, message, ...none });
}

test.each([
  [ErrorCode.NO_CONNECT, "TOOL_MISSING"],
  [ErrorCode.AUTH_FAILED, "DAEMON_UNREACHABLE"],
  [ErrorCode.ACCESS_DENIED, "DAEMON_UNREACHABLE"],
  [ErrorCode.INTERNAL_ERROR, "DAEMON_FAILED"],
])("libvirt's code %i is our %s", (code, ours) => {
  const cause = libvirtError(code, "told so");
  expect(translate(cause, "start db")).toMatchObject({ code: ours, cause });
});

test("libvirt's words stay in ours", () => {
  const error = translate(libvirtError(ErrorCode.INTERNAL_ERROR, "no room"), "start db");
  expect(error).toMatchObject({ message: "libvirt failed to start db: no room (INTERNAL_ERROR)" });
});

test("a daemon that goes away, and one that is not there", () => {
  const gone = new ConnectionLostError("transport", "hung up");
  expect(translate(gone, "start db")).toMatchObject({ code: "DAEMON_LOST", cause: gone });
  expect(translate(new ConnectError("unreachable", "no socket"), "x")).toMatchObject({
    code: "DAEMON_UNREACHABLE",
  });
});

test("any other error is left alone", () => {
  const error = new TypeError("x");
  expect(translate(error, "y")).toBe(error);
});

test("codes, not messages, tell what happened", () => {
  expect(isNoDomain(libvirtError(ErrorCode.NO_DOMAIN, "anything"))).toBe(true);
  expect(isNoDomain(libvirtError(ErrorCode.INTERNAL_ERROR, "Domain not found"))).toBe(false);
  expect(isStateChanged(libvirtError(ErrorCode.OPERATION_INVALID, "x"))).toBe(true);
});

const STAMP = "2026-11-22 16:21:38.273+0000: ";
test.each([
  [`${STAMP}shutting down, reason=shutdown\n`, "it turned itself off"],
  [`${STAMP}shutting down, reason=destroyed\n`, "it was stopped by force, not by bothy"],
  [`${STAMP}shutting down, reason=crashed\n`, "QEMU ended unexpectedly"],
  [
    `2026-11-22T16:21:37.1Z qemu-system-x86_64: -device x: no such bus\n${STAMP}shutting down, reason=crashed\n`,
    "QEMU ended: -device x: no such bus",
  ],
  ["", "it ended without libvirt: the host or the daemon went down"],
])("the end of QEMU's log tells why", (log, reason) => {
  expect(describeEnd(log)).toBe(reason);
});

test("a console that ends in a panic tells of which", () => {
  const panic = "[   12.3] Kernel panic - not syncing: sysrq triggered crash\r\n[   12.4] CPU: 0 PID: 1\r\n";
  expect(panicIn(`hello\n${panic}`)).toBe("its kernel panicked: sysrq triggered crash");
  expect(panicIn("hello\n")).toBeUndefined();
});
