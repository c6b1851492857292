import { expect, test } from "vitest";
import { seccompFilter } from "../../../../src/providers/oci/spec/seccomp.ts";

const filter = seccompFilter("x86_64", ["CAP_SYS_CHROOT"]);

/** What the filter answers: allowed, an errno, or the default; rules with arguments are judged by `value`. */
function verdict(name: string, value = 0, rules = filter): "allow" | number {
  for (const rule of rules.syscalls.filter((each) => each.names.includes(name))) {
    const holds = (rule.args ?? []).every((arg) =>
      arg.op === "SCMP_CMP_EQ"
        ? BigInt(value) === BigInt(arg.value)
        : (BigInt(value) & BigInt(arg.value)) === BigInt(arg.valueTwo ?? 0),
    );
    if (holds) return rule.action === "SCMP_ACT_ALLOW" ? "allow" : (rule.errnoRet ?? -1);
  }
  return filter.defaultErrnoRet;
}

test("what is not listed does not exist for the program", () => {
  expect(filter.defaultAction).toBe("SCMP_ACT_ERRNO");
  expect(verdict("a_call_of_the_future")).toBe(38);
  expect(verdict("read")).toBe("allow");
  expect(verdict("arch_prctl")).toBe("allow");
});

test("calls of a capability come with it and are refused without", () => {
  expect(verdict("chroot")).toBe("allow");
  for (const name of ["mount", "unshare", "setns", "bpf", "init_module", "reboot", "clock_settime"]) {
    expect(verdict(name), name).toBe(1);
  }
  const all = seccompFilter("x86_64", ["CAP_SYS_ADMIN"]);
  for (const name of ["mount", "clone", "clone3"]) expect(verdict(name, 0x10000000, all), name).toBe("allow");
});

test("clone may not make namespaces and clone3, which hides its flags, is unknown", () => {
  expect(verdict("clone", 0x01200011)).toBe("allow");
  for (const flag of [0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000]) {
    expect(verdict("clone", flag + 0x11), `flag ${flag.toString(16)}`).toBe(1);
  }
  expect(verdict("clone3")).toBe(38);
});

test("sockets of every family but the kernel's crypto and those between VMs", () => {
  for (let family = 0; family < 48; family++) {
    const refused = family === 38 || family === 40;
    expect(verdict("socket", family), `family ${family}`).toBe(refused ? 97 : "allow");
    // the kernel looks at 32 bits only: rubbish above them must not change the answer
    expect(verdict("socket", family + 2 ** 32), `family ${family} with high bits`).toBe(
      refused ? 97 : "allow",
    );
  }
  expect(verdict("socketcall")).toBe(1);
});

test("personality only as ordinary programs use it", () => {
  expect(verdict("personality", 0xffffffff)).toBe("allow");
  expect(verdict("personality", 0x0040000)).toBe(38);
});

test("no call has two answers without arguments to tell them apart", () => {
  for (const held of [[], ["CAP_SYS_ADMIN"], ["CAP_SYS_PTRACE", "CAP_SYS_NICE"]]) {
    const plain = seccompFilter("x86_64", held).syscalls.filter((rule) => !rule.args);
    const names = plain.flatMap((rule) => rule.names);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  }
});
