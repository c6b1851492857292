import type { SourceConfig } from "../config/index.ts";

/** What a machine starts from, as its owner wrote it. */
export function sourceName(source: SourceConfig): string {
  if (source.kind === "box") return source.name;
  if (source.kind === "image") return source.reference;
  return `build: ${source.context}`;
}
