import {
  type Document,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type YAMLError,
} from "yaml";
import type { Path } from "./problems.ts";

/** A parsed file whose nodes know their place. */
export interface Source {
  readonly document: Document;
  readonly lines: LineCounter;
}

/** Something that is wrong at a place in the text. */
export interface Fault {
  readonly offset: number;
  readonly path: Path;
  readonly message: string;
}

/** Parses YAML. With `fatal` faults the document cannot be used; others (duplicate keys) leave it readable. */
export function parseYaml(text: string): Source & { faults: Fault[]; warnings: Fault[]; fatal: boolean } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, merge: true, prettyErrors: false });
  const source = { document, lines };
  const duplicates = document.errors.filter((error) => error.code === "DUPLICATE_KEY");
  const others = document.errors.filter((error) => error.code !== "DUPLICATE_KEY");
  const fatal =
    others.length > 0 ? others.map(syntaxFault) : [...shapeFaults(document), ...deadAliases(document)];
  return {
    ...source,
    faults: [...fatal, ...duplicates.map((error) => duplicateFault(source, error)), ...hiddenKeys(document)],
    warnings: document.warnings.map(syntaxFault),
    fatal: fatal.length > 0,
  };
}

/** The path of a node from the nodes above it. */
export function pathOf(chain: readonly unknown[]): Path {
  return chain.flatMap((node, index): (string | number)[] => {
    if (isPair(node)) return [keyText(node.key)];
    if (isSeq(node) && index + 1 < chain.length) return [node.items.indexOf(chain[index + 1])];
    return [];
  });
}

/** A key as text: what it is called in paths and in the value. */
export function keyText(key: unknown): string {
  const value = isScalar(key) ? key.value : key;
  return typeof value === "symbol" ? "<<" : String(value);
}

function syntaxFault(error: Pick<YAMLError, "code" | "message" | "pos">): Fault {
  const message =
    error.code === "MULTIPLE_DOCS" ? "a second document begins here; one file is one project" : error.message;
  return { offset: error.pos[0], path: [], message: message.trim() };
}

function shapeFaults(document: Document): Fault[] {
  if (isMap(document.contents)) return [];
  const message =
    document.contents === null || (isScalar(document.contents) && document.contents.value === null)
      ? "the file is empty; `bothy init` writes one to start from"
      : "the file is no YAML mapping with `machines:` in it";
  return [{ offset: document.contents?.range?.[0] ?? 0, path: [], message }];
}

function duplicateFault({ document, lines }: Source, error: YAMLError): Fault {
  const offset = error.pos[0];
  let fault: Fault = { offset, path: [], message: "this key is there twice" };
  visit(document, {
    Pair: (_, pair, chain) => {
      if (!isScalar(pair.key) || pair.key.range?.[0] !== offset) return undefined;
      const path = pathOf([...chain, pair]);
      const what = path.length === 2 && path[0] === "machines" ? "a machine of that name" : "this key";
      fault = {
        offset,
        path,
        message: `${what} is there already, on line ${firstLine(chain.at(-1), pair.key.value, lines)}`,
      };
      return visit.BREAK;
    },
  });
  return fault;
}

function firstLine(map: unknown, key: unknown, lines: LineCounter): number {
  const pairs = isMap(map) ? map.items : [];
  const first = pairs.find((pair) => isScalar(pair.key) && pair.key.value === key);
  return lines.linePos(isScalar(first?.key) ? (first.key.range?.[0] ?? 0) : 0).line;
}

function deadAliases(document: Document): Fault[] {
  const faults: Fault[] = [];
  visit(document, {
    Alias: (_, alias, chain) => {
      if (alias.resolve(document)) return;
      const message = `there is no anchor "&${alias.source}" above this`;
      faults.push({ offset: alias.range?.[0] ?? 0, path: pathOf([...chain, alias]), message });
    },
  });
  return faults;
}

/** JavaScript would lose a key of this name without a word. */
function hiddenKeys(document: Document): Fault[] {
  const faults: Fault[] = [];
  visit(document, {
    Pair: (_, pair, chain) => {
      if (!isScalar(pair.key) || pair.key.value !== "__proto__") return;
      faults.push({
        offset: pair.key.range?.[0] ?? 0,
        path: pathOf([...chain, pair]),
        message: "no legal key",
      });
    },
  });
  return faults;
}
