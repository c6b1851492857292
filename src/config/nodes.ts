import { type Document, isAlias, isPair, isScalar, isSeq } from "yaml";
import type { Path } from "./problems.ts";

/** The path of a node from the nodes above it. */
export function pathOf(chain: readonly unknown[]): Path {
  return chain.flatMap((node, index): (string | number)[] => {
    if (isPair(node)) return [keyText(node.key)];
    if (isSeq(node) && index + 1 < chain.length) return [node.items.indexOf(chain[index + 1])];
    return [];
  });
}

/** A key as text: what it is called in paths and in the value. Mappings and lists are no keys (keyFaults). */
export function keyText(key: unknown): string {
  if (!isScalar(key)) return "?";
  return typeof key.value === "symbol" ? "<<" : String(key.value);
}

/** Whether it is the key `<<`, which merges a mapping into another. */
export function isMergeKey(key: unknown): boolean {
  return keyText(key) === "<<";
}

/** The node itself, or what an alias stands for. */
export function resolved(document: Document, node: unknown): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}
