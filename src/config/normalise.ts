import type { WrittenMachine } from "./machine-schema.ts";
import { toLabel } from "./names.ts";
import type { Path } from "./problems.ts";
import type { BuildConfig } from "./project-config.ts";
import type { WrittenProject } from "./schema.ts";
import type { Lookup } from "./substitute.ts";
import { isMapping, type Mapping, valueAt } from "./values.ts";

/** What an entry says of a machine after `defaults:`, `count` and templates; still as text. */
export type Settings = Omit<WrittenMachine, "environment" | "count" | "build"> & {
  readonly environment: Readonly<Record<string, string>>;
  readonly build?: BuildConfig | undefined;
};

/** Keys of which a machine has one; its own takes the place of any that `defaults:` has. */
export const SOURCES = ["box", "image", "build"] as const;

/** A machine before its units are read. */
export interface Draft {
  readonly name: string;
  /** The key under `machines:` that makes it. */
  readonly entry: string;
  /** How many the entry makes; absent without `count`. */
  readonly count?: number | undefined;
  readonly settings: Settings;
  /** Where the file says this: in the entry, or in `defaults:` when only that has it. */
  at(...key: Path): Path;
}

/** A project before the rules have looked at it. */
export interface DraftProject {
  readonly name: string;
  readonly machines: readonly Draft[];
}

/** Merges defaults, counts machines and fills in templates. `host` gives values to keys of `environment` without one. */
export function normalise(written: WrittenProject, folderName: string, host: Lookup): DraftProject {
  const name = written.name ?? (toLabel(folderName) || "project");
  const machines = Object.entries(written.machines).flatMap(([entry, machine]) => {
    const { count, ...settings } = mergeEntry(written, machine ?? {}, host);
    const at = (...key: Path) => originOf(written, entry, key);
    return namesOf(entry, count).map((one) => {
      const filled = fillTemplates(settings, one) as Settings;
      return { name: one.name, entry, count, settings: filled, at };
    });
  });
  return { name, machines };
}

/** The machine's own value wins; mappings are merged key by key; a list replaces a list. */
function mergeEntry(written: WrittenProject, machine: WrittenMachine, host: Lookup) {
  const hasSource = SOURCES.some((key) => machine[key] !== undefined);
  const dropped = { box: undefined, image: undefined, build: undefined };
  const inherited = { ...written.defaults, ...(hasSource && dropped) };
  const [defaults, own] = [inherited, machine].map((entry) => ({
    ...entry,
    environment: environmentOf(entry.environment, host),
    build: buildOf(entry.build, host),
  }));
  return merge(defaults ?? {}, own ?? {}) as Settings & { readonly count?: number };
}

/** Compose's short form is the context. */
function buildOf(written: WrittenMachine["build"], host: Lookup): BuildConfig | undefined {
  if (written === undefined) return undefined;
  if (typeof written === "string") return { context: written, args: {} };
  const { context = ".", args, ...rest } = written;
  return { ...rest, context, args: environmentOf(args, host) };
}

function merge(below: Mapping, above: Mapping): Mapping {
  const merged = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const lower = merged[key];
    if (value !== undefined) merged[key] = isMapping(lower) && isMapping(value) ? merge(lower, value) : value;
  }
  return merged;
}

/** Both forms as a mapping; a key without a value takes the host's, or is left out when that has none. */
function environmentOf(written: WrittenMachine["environment"], host: Lookup): Record<string, string> {
  const pairs = Array.isArray(written) ? written.map(splitPair) : Object.entries(written ?? {});
  const known = pairs.map(([key, value]) => [key, value ?? host(key)] as const);
  return Object.fromEntries(
    known.flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]])),
  );
}

function splitPair(pair: string): [string, string | undefined] {
  const equals = pair.indexOf("=");
  return equals < 0 ? [pair, undefined] : [pair.slice(0, equals), pair.slice(equals + 1)];
}

function namesOf(entry: string, count: number | undefined): { name: string; index: number }[] {
  if (count === undefined) return [{ name: entry, index: 1 }];
  return Array.from({ length: count }, (_, zero) => ({ name: `${entry}-${zero + 1}`, index: zero + 1 }));
}

function fillTemplates(value: unknown, one: { name: string; index: number }): unknown {
  if (typeof value === "string") {
    return value.replace(/\{\{\s*(name|index)\s*\}\}/g, (_, word: "name" | "index") => String(one[word]));
  }
  if (Array.isArray(value)) return value.map((item) => fillTemplates(item, one));
  if (!isMapping(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fillTemplates(inner, one)]));
}

function originOf(written: WrittenProject, entry: string, key: Path): Path {
  const own = ["machines", entry, ...key];
  const shared = ["defaults", ...key];
  return valueAt(written, own) === undefined && valueAt(written, shared) !== undefined ? shared : own;
}
