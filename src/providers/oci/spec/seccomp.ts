import { readFileSync } from "node:fs";
import * as z from "zod";
import { asset } from "../../../system/index.ts";
import type { OciSeccomp, SeccompRule } from "./types.ts";

const names = z.array(z.string());

const tableSchema = z.object({
  about: z.string(),
  allow: names,
  allowWith: z.record(z.string(), names),
  refuse: names,
  architectures: z.record(z.string(), z.object({ names, allow: names })),
});

type Table = z.infer<typeof tableSchema>;

const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;

/** Flags of clone(2) that make a namespace: mount, cgroup, uts, ipc, user, pid, network. */
const NEW_NAMESPACE = [0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000];

const LOW_BITS = 0xffffffff;

/** Execution domains that ordinary programs ask for; the last one only asks which it is. */
const PERSONALITIES = [0x0, 0x8, 0x20000, 0x20008, 0xffffffff];

/** Address families of socket(2) that are refused: AF_ALG (kernel crypto) and AF_VSOCK, which no namespace confines. */
const REFUSED_FAMILIES = [38, 40];

/**
 * All the others up to 47, as [mask, value] and without a bit in common with those refused. Only the low 32 bits
 * count for the kernel, so each comparison is masked.
 */
const FAMILIES: readonly (readonly [mask: number, value: number])[] = [
  [0xffffffe0, 0],
  [0xfffffffc, 32],
  [0xfffffffe, 36],
  [0xffffffff, 39],
  [0xffffffff, 41],
  [0xfffffffe, 42],
  [0xfffffffc, 44],
];

/**
 * The system call filter of a container with these capabilities: what is listed is allowed, what is known and
 * refused fails with EPERM, and anything else with ENOSYS, so that a program falls back to an older call.
 */
export function seccompFilter(architecture: string, capabilities: readonly string[]): OciSeccomp {
  const table = readTable();
  const native = table.architectures[architecture];
  return {
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: ENOSYS,
    architectures: native?.names ?? [],
    syscalls: [
      ...rulesByName(table, native?.allow ?? [], new Set(capabilities)),
      ...(capabilities.includes("CAP_SYS_ADMIN") ? [allow(["clone"])] : cloneRules()),
      ...PERSONALITIES.map((value) => ({
        ...allow(["personality"]),
        args: [{ index: 0, op: "SCMP_CMP_EQ" as const, value }],
      })),
      ...FAMILIES.map(([mask, value]) => masked(allow(["socket"]), mask, value)),
      ...REFUSED_FAMILIES.map((value) => masked(refuse(["socket"], EAFNOSUPPORT), LOW_BITS, value)),
    ],
  };
}

function rulesByName(table: Table, native: readonly string[], held: ReadonlySet<string>): SeccompRule[] {
  const conditional = Object.entries(table.allowWith);
  const allowed = conditional.filter(([capability]) => held.has(capability)).flatMap(([, calls]) => calls);
  const refused = conditional.filter(([capability]) => !held.has(capability)).flatMap(([, calls]) => calls);
  return [
    allow([...table.allow, ...native, ...allowed].sort()),
    // clone3 passes its flags where no filter can see them: ENOSYS makes the C library use clone
    refuse([...table.refuse, ...refused].filter((name) => name !== "clone3").sort()),
  ];
}

function cloneRules(): SeccompRule[] {
  const any = NEW_NAMESPACE.reduce((mask, flag) => mask + flag, 0);
  return [
    masked(allow(["clone"]), any, 0),
    ...NEW_NAMESPACE.map((flag) => masked(refuse(["clone"]), flag, flag)),
    refuse(["clone3"], ENOSYS),
  ];
}

/** The same rule for calls whose first argument, under the mask, is that value. */
function masked(rule: SeccompRule, mask: number, value: number): SeccompRule {
  return { ...rule, args: [{ index: 0, op: "SCMP_CMP_MASKED_EQ", value: mask, valueTwo: value }] };
}

function allow(calls: readonly string[]): SeccompRule {
  return { names: calls, action: "SCMP_ACT_ALLOW" };
}

function refuse(calls: readonly string[], errnoRet = EPERM): SeccompRule {
  return { names: calls, action: "SCMP_ACT_ERRNO", errnoRet };
}

let cached: Table | undefined;

function readTable(): Table {
  cached ??= tableSchema.parse(JSON.parse(readFileSync(asset("templates", "oci", "seccomp.json"), "utf8")));
  return cached;
}
