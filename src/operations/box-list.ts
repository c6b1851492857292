import { type Box, type BoxEntry, listBoxes, listRecipes } from "../boxes/index.ts";
import { type BoxUsers, readUsers } from "./box-users.ts";
import type { Context } from "./context.ts";

/** Where a box comes from, in one word. */
export type BoxKind = "recipe" | "image" | "dockerfile" | "file" | "machine";

/** A line of `box list`. */
export interface BoxSummary {
  readonly name: string;
  /** `recipe`: not built yet. */
  readonly state: "ok" | "broken" | "recipe";
  readonly kind: BoxKind | null;
  readonly digest: string | null;
  readonly sizeMiB: number | null;
  /** Of all its layers and its disk, as they are stored. */
  readonly sizeBytes: number | null;
  /** How much of that other boxes have too. */
  readonly sharedBytes: number | null;
  /** How much of that is this box's alone. */
  readonly ownBytes: number | null;
  /** Whether it has a disk of its own and cannot run as a container. */
  readonly vmOnly: boolean;
  readonly createdAt: string | null;
  /** The machines that stand on it, as PROJECT/NAME. */
  readonly machines: readonly string[];
  readonly reason: string | null;
}

/** Every box of the store, then the recipes that were never built. */
export async function boxSummaries(ctx: Context): Promise<BoxSummary[]> {
  const [entries, recipes, users] = await Promise.all([listBoxes(ctx.layout), listRecipes(), readUsers(ctx)]);
  const names = new Set(entries.map(({ name }) => name));
  return [
    ...entries.map((entry) => summaryOf(entry, entries, users)),
    ...recipes.filter((name) => !names.has(name)).map(recipeSummary),
  ];
}

/** What the list says of one box among all. */
export function summaryOf(
  entry: BoxEntry,
  all: readonly BoxEntry[],
  users: BoxUsers<readonly string[]>,
): BoxSummary {
  const { name, state } = entry;
  if (state === "broken") return { ...NOTHING, name, state, reason: entry.reason };
  const { box } = entry;
  const parts = partsOf(box);
  const elsewhere = new Set(othersOf(entry, all).flatMap((other) => [...partsOf(other).keys()]));
  const sizeBytes = sum([...parts.values()]);
  const ownBytes = sum([...parts].flatMap(([digest, bytes]) => (elsewhere.has(digest) ? [] : [bytes])));
  return {
    name,
    state,
    kind: kindOf(box),
    digest: box.digest,
    sizeMiB: Math.round(sizeBytes / 1024 / 1024),
    sizeBytes,
    sharedBytes: sizeBytes - ownBytes,
    ownBytes,
    vmOnly: isVmOnly(box),
    createdAt: box.createdAt,
    machines: users(box.digest),
    reason: null,
  };
}

/** The other boxes that can be read. */
export function othersOf(entry: BoxEntry, all: readonly BoxEntry[]): Box[] {
  return all.flatMap((other) => (other.state === "ok" && other.name !== entry.name ? [other.box] : []));
}

/** Where a box comes from, in one word; `null` where it does not say. */
export function kindOf({ source }: Pick<Box, "source">): BoxKind | null {
  if (!source) return null;
  if ("recipe" in source) return "recipe";
  if ("image" in source || "archive" in source) return "image";
  if ("context" in source) return "dockerfile";
  return "file" in source ? "file" : "machine";
}

const NOTHING = {
  kind: null,
  digest: null,
  sizeMiB: null,
  sizeBytes: null,
  sharedBytes: null,
  ownBytes: null,
  vmOnly: false,
  createdAt: null,
  machines: [],
  reason: null,
};

function recipeSummary(name: string): BoxSummary {
  return { ...NOTHING, name, state: "recipe", kind: "recipe" };
}

/** Digest to bytes; a layer that a box has twice counts once. */
function partsOf({ layers, disk }: Box): Map<string, number> {
  return new Map([...layers, ...(disk ? [disk] : [])].map(({ digest, sizeBytes }) => [digest, sizeBytes]));
}

function isVmOnly({ layers }: Box): boolean {
  return layers.length === 0;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
