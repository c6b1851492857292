import { readFileSync } from "node:fs";
import { z } from "zod";
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

/** Flags of clone(2) that make a namespace: a mask. */
const NEW_NAMESPACES = 0x7e020000;

/** Execution domains that ordinary programs ask for; the last one only asks which it is. */
const PERSONALITIES = [0x0, 0x8, 0x20000, 0x20008, 0xffffffff];

/**
 * Address families of socket(2) as [mask, value]: 0 to 47 but AF_ALG (38, kernel crypto) and AF_VSOCK (40, which
 * no namespace confines). Only the low 32 bits count for the kernel, so each comparison is masked.
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
      ...PERSONALITIES.map((value) => allow(["personality"], [{ index: 0, op: "SCMP_CMP_EQ", value }])),
      ...FAMILIES.map(([value, valueTwo]) => masked("socket", value, valueTwo)),
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
  return [
    masked("clone", NEW_NAMESPACES, 0),
    { names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: ENOSYS },
  ];
}

function masked(name: string, value: number, valueTwo: number): SeccompRule {
  return allow([name], [{ index: 0, op: "SCMP_CMP_MASKED_EQ", value, valueTwo }]);
}

function allow(calls: readonly string[], args?: SeccompRule["args"]): SeccompRule {
  return { names: calls, action: "SCMP_ACT_ALLOW", ...(args ? { args } : {}) };
}

function refuse(calls: readonly string[]): SeccompRule {
  return { names: calls, action: "SCMP_ACT_ERRNO", errnoRet: EPERM };
}

let cached: Table | undefined;

function readTable(): Table {
  cached ??= tableSchema.parse(JSON.parse(readFileSync(asset("templates", "oci", "seccomp.json"), "utf8")));
  return cached;
}
