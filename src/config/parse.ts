import { type Document, isMap, isScalar, parseDocument, type YAMLError } from "yaml";
import { aliasFaults, duplicateFault, keyFaults, mergeFaults } from "./document-faults.ts";
import { Lines } from "./lines.ts";
import type { Path } from "./problems.ts";

/** A parsed file whose nodes know their place. */
export interface Source {
  readonly document: Document;
  readonly lines: Lines;
}

/** Something that is wrong at a place in the text. */
export interface Fault {
  readonly offset: number;
  readonly path: Path;
  readonly message: string;
}

/** Parses YAML. With `fatal` faults the document cannot be used; others (duplicate keys) leave it readable. */
export function parseYaml(text: string): Source & { faults: Fault[]; warnings: Fault[]; fatal: boolean } {
  const source = {
    document: parseDocument(text, { merge: true, prettyErrors: false }),
    lines: new Lines(text),
  };
  const { document } = source;
  const duplicates = document.errors.filter((error) => error.code === "DUPLICATE_KEY");
  const others = document.errors.filter((error) => error.code !== "DUPLICATE_KEY");
  const fatal = others.length > 0 ? others.map(syntaxFault) : brokenFaults(document);
  const doubled = duplicates.map((error) => duplicateFault(source, error.pos[0]));
  return {
    ...source,
    faults: [...fatal, ...doubled],
    warnings: document.warnings.map(syntaxFault),
    fatal: fatal.length > 0,
  };
}

function brokenFaults(document: Document): Fault[] {
  return [
    ...shapeFaults(document),
    ...aliasFaults(document),
    ...mergeFaults(document),
    ...keyFaults(document),
  ];
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
