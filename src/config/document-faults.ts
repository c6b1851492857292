import { type Document, isMap, isNode, isScalar, isSeq, type Pair, visit } from "yaml";
import { isMergeKey, keyText, pathOf, resolved } from "./nodes.ts";
import type { Fault, Source } from "./parse.ts";

/** The key at an offset is in its mapping twice. */
export function duplicateFault({ document, lines }: Source, offset: number): Fault {
  let fault: Fault = { offset, path: [], message: "this key is there twice" };
  visit(document, {
    Pair: (_, pair, chain) => {
      if (startOf(pair.key) !== offset) return undefined;
      const path = pathOf([...chain, pair]);
      const what = path.length === 2 && path[0] === "machines" ? "a machine of that name" : "this key";
      const { line } = lines.placeOf(startOf(firstWithKey(chain.at(-1), pair)?.key));
      fault = { offset, path, message: `${what} is there already, on line ${line}` };
      return visit.BREAK;
    },
  });
  return fault;
}

/** Aliases that stand for nothing. */
export function aliasFaults(document: Document): Fault[] {
  const faults: Fault[] = [];
  visit(document, {
    Alias: (_, alias, chain) => {
      if (alias.resolve(document)) return;
      const message = `there is no anchor "&${alias.source}" above this`;
      faults.push({ offset: startOf(alias), path: pathOf([...chain, alias]), message });
    },
  });
  return faults;
}

/** `<<` with something else than mappings. */
export function mergeFaults(document: Document): Fault[] {
  return pairsWhere(document, ({ key, value }, chain) => {
    if (!isMergeKey(key)) return undefined;
    const merged = resolved(document, value);
    const sources = isSeq(merged) ? merged.items.map((item) => resolved(document, item)) : [merged];
    if (sources.some((source) => chain.includes(source))) return "a mapping cannot be merged into itself";
    return sources.every(isMap) ? undefined : "only mappings can be merged";
  });
}

/** Keys that are no text, and one that JavaScript would lose without a word. */
export function keyFaults(document: Document): Fault[] {
  return pairsWhere(document, ({ key }) => {
    if (!isScalar(key)) return "a key has to be plain text";
    return keyText(key) === "__proto__" ? "no legal key" : undefined;
  });
}

function pairsWhere(
  document: Document,
  judge: (pair: Pair, chain: readonly unknown[]) => string | undefined,
): Fault[] {
  const faults: Fault[] = [];
  visit(document, {
    Pair: (_, pair, chain) => {
      const message = judge(pair, chain);
      if (message) faults.push({ offset: startOf(pair.key), path: pathOf([...chain, pair]), message });
    },
  });
  return faults;
}

function firstWithKey(map: unknown, { key }: Pair): Pair | undefined {
  const pairs = isMap(map) ? map.items : [];
  return pairs.find((pair) => isScalar(pair.key) && isScalar(key) && pair.key.value === key.value);
}

function startOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0;
}
