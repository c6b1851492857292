import { type Document, isMap, isNode, isScalar, isSeq, type Node } from "yaml";
import type { Place } from "./lines.ts";
import { isMergeKey, keyText, resolved } from "./nodes.ts";
import type { Source } from "./parse.ts";
import type { Complaint, Path } from "./problems.ts";

/** A key with its value, or an item of a list. */
interface Entry {
  readonly key?: unknown;
  readonly value: unknown;
}

/** Where a complaint points: the value, or its key, or the nearest key above that is in the file. */
export function locate(source: Source, complaint: Pick<Complaint, "path" | "on">): Place {
  const { entries, complete } = follow(source.document, complaint.path);
  const last = entries.at(-1);
  const wantsKey = complaint.on === "key" || !complete;
  const offset =
    (wantsKey ? undefined : startOf(last?.value)) ?? startOf(last?.key) ?? startOf(last?.value) ?? 0;
  return source.lines.placeOf(offset);
}

/** The node at a path, through aliases and merge keys. */
export function nodeAt(document: Document, path: Path): unknown {
  const { entries, complete } = follow(document, path);
  return complete ? resolved(document, entries.at(-1)?.value) : undefined;
}

function follow(document: Document, path: Path): { entries: Entry[]; complete: boolean } {
  const entries: Entry[] = [];
  let node: unknown = document.contents;
  for (const part of path) {
    const entry = entryOf(document, resolved(document, node), part);
    if (!entry) return { entries, complete: false };
    entries.push(entry);
    node = entry.value;
  }
  return { entries, complete: true };
}

function entryOf(document: Document, node: unknown, part: string | number): Entry | undefined {
  if (isSeq(node))
    return typeof part === "number" && part < node.items.length ? { value: node.items[part] } : undefined;
  if (!isMap(node)) return undefined;
  const own = node.items.findLast((pair) => keyText(pair.key) === String(part));
  if (own) return own;
  const merged = node.items
    .filter((pair) => isMergeKey(pair.key))
    .map((pair) => resolved(document, pair.value));
  const sources = merged.flatMap((value) => (isSeq(value) ? value.items : [value]));
  for (const value of sources) {
    const entry = entryOf(document, resolved(document, value), part);
    if (entry) return entry;
  }
  return undefined;
}

/** The offset of a node that is written somewhere; an empty value is not. */
function startOf(node: unknown): number | undefined {
  const range = isNode(node) ? (node as Node).range : undefined;
  if (!range || (isScalar(node) && range[0] === range[1])) return undefined;
  return range[0];
}
