import { describe, expect, it } from "vitest";
import { BothyError, ERROR_CODES, type ErrorCode, EXIT, hasErrno, messageOf } from "../../src/errors.ts";

const codes = Object.keys(ERROR_CODES) as ErrorCode[];

describe("the table of codes", () => {
  it.each(codes)("%s has a meaning in a sentence and an exit code of the documented ones", (code) => {
    const [exit, meaning] = ERROR_CODES[code];
    expect(code).toMatch(/^[A-Z][A-Z_]*[A-Z]$/);
    expect(meaning).toMatch(/^(?:[A-Z/]|bothy ).{10,}\.$/);
    expect(Object.values(EXIT)).toContain(exit);
    expect(exit).not.toBe(EXIT.execFailed); // only `ssh` and `exec` use it, whatever failed
  });

  it.each([
    ["an interrupt", "INTERRUPTED", 130],
    ["wrong arguments", "USAGE", 2],
    ["an invalid project file", "CONFIG_INVALID", 2],
    ["no project file", "CONFIG_MISSING", 2],
    ["an unknown machine", "MACHINE_UNKNOWN", 3],
    ["an unknown box", "BOX_UNKNOWN", 3],
    ["a machine in the wrong state", "MACHINE_STATE", 3],
    ["a missing tool", "TOOL_MISSING", 4],
    ["a missing daemon", "DAEMON_UNREACHABLE", 4],
    ["not being root", "NOT_ROOT", 4],
    ["anything else", "FAILED", 1],
  ] as const)("%s exits with what the documentation promises", (_, code, exit) => {
    expect(new BothyError(code, "x").exit).toBe(exit);
  });
});

describe("BothyError", () => {
  it("carries everything that is said of a failure", () => {
    const cause = new Error("EACCES");
    const error = new BothyError("KVM_MODE", "cannot open /dev/kvm", { hints: ["chmod"], cause });
    expect(error).toMatchObject({
      name: "BothyError",
      code: "KVM_MODE",
      message: "cannot open /dev/kvm",
      hints: ["chmod"],
      cause,
      ref: "docs/errors.md#kvm_mode",
      exit: 4,
    });
    expect(error).toBeInstanceOf(Error);
  });

  it("has no hints and no cause unless they are given, and takes another exit code", () => {
    const error = new BothyError("FAILED", "x", { exit: 77 });
    expect([error.hints, "cause" in error, error.exit]).toEqual([[], false, 77]);
  });
});

describe("hasErrno", () => {
  it("knows Node's errors by name", () => {
    const missing = Object.assign(new Error("x"), { code: "ENOENT" });
    expect([hasErrno(missing, "ENOENT"), hasErrno(missing, "EACCES", "EPERM")]).toEqual([true, false]);
    expect([hasErrno(new Error("x"), "ENOENT"), hasErrno({ code: "ENOENT" }, "ENOENT")]).toEqual([
      false,
      false,
    ]);
  });
});

describe("messageOf", () => {
  it.each([
    [new Error("why"), "why"],
    ["just text", "just text"],
    [undefined, "undefined"],
  ])("%s", (thrown, message) => {
    expect(messageOf(thrown)).toBe(message);
  });
});
