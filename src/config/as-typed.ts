import { type Document, isPair, isScalar, type Scalar, visit } from "yaml";
import { keyText } from "./nodes.ts";

/** Mappings whose values are text. */
const TEXTS = ["environment", "args"];

/**
 * Makes text of what is text here and looks like a number, a truth value or nothing to YAML: all keys (a
 * variable may be called `NULL`), and values under `environment:` and `args:` (`1.10` stays `1.10`).
 */
export function keepAsTyped(document: Document): void {
  visit(document, {
    Pair: (_, { key }) => {
      if (isScalar(key) && typeof key.value !== "string" && typeof key.value !== "symbol") asTyped(key);
    },
    Map: (_, map, chain) => {
      const above = chain.at(-1);
      if (!isPair(above) || !TEXTS.includes(keyText(above.key))) return;
      for (const { value } of map.items) {
        if (isScalar(value) && ["number", "boolean"].includes(typeof value.value)) asTyped(value);
      }
    },
  });
}

function asTyped(scalar: Scalar): void {
  scalar.value = scalar.source ?? String(scalar.value);
}
