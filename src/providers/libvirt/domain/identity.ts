import { createHash } from "node:crypto";
import type { RunSpec } from "../../provider.ts";

/**
 * The domain's UUID: a function of store and machine, so that a machine is found in one call and two stores
 * never meet, even when one is a copy of the other. The guest sees it as `product_uuid`.
 */
export function domainUuid(storeTag: string, machineId: string): string {
  const hash = createHash("sha256").update(`bothy/${storeTag}/${machineId}`).digest().subarray(0, 16);
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x80; // version 8: made by a rule of our own
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = hash.toString("hex");
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)];
  return parts.join("-");
}

/** The names to try, best first; the second is taken when another project of that name has the first. */
export function domainNames(spec: Pick<RunSpec, "id" | "name" | "project">): readonly [string, string] {
  const name = `bothy-${spec.project.name}-${spec.name}`;
  return [name, `${name}-${spec.id}`];
}
