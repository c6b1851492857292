import { type ImageReference, parseReference } from "../registry/index.ts";
import type { Dockerfile, Instruction } from "./parse.ts";

/**
 * The images that a build may fetch, as far as they can be told without it: those of FROM, with the ARGs above the
 * first one filled in, and those that files are copied from. What is no reference is left to buildah's complaint.
 */
export function baseReferences(
  { head, stages }: Dockerfile,
  args: Readonly<Record<string, string>> = {},
): ImageReference[] {
  const values = { ...Object.fromEntries(head.flatMap(({ rest }) => defaultsIn(rest))), ...args };
  const own = new Set(["scratch", ...stages.flatMap(({ name }) => name?.toLowerCase() ?? [])]);
  const named = stages.flatMap(({ image, instructions }) => [image, ...instructions.flatMap(sourceOf)]);
  return [...new Set(named.map((text) => fillIn(text, values)))].flatMap((text) =>
    own.has(text.toLowerCase()) || /^\d+$/.test(text) ? [] : tryParse(text),
  );
}

function sourceOf({ keyword, rest }: Instruction): string[] {
  if (keyword === "COPY") return /^(?:--\S+\s+)*?--from=(\S+)/.exec(rest)?.slice(1, 2) ?? [];
  if (keyword !== "RUN") return [];
  return [...rest.matchAll(/(?<=^|\s)--mount=\S*?\bfrom=([^,\s]+)/g)].map(([, image = ""]) => image);
}

function defaultsIn(rest: string): [string, string][] {
  const words = [...rest.matchAll(/(\w+)=("[^"]*"|'[^']*'|\S*)/g)];
  return words.map(([, name = "", value = ""]) => [name, value.replace(/^(["'])(.*)\1$/, "$2")]);
}

function fillIn(text: string, values: Readonly<Record<string, string>>): string {
  return text
    .replace(
      /\$\{(\w+)(?::?-([^}]*))?\}|\$(\w+)/g,
      (_, name, fallback, bare) => values[name ?? bare] ?? fallback ?? "",
    )
    .replace(/^(["'])(.*)\1$/, "$2");
}

function tryParse(text: string): ImageReference[] {
  try {
    return [parseReference(text)];
  } catch {
    return [];
  }
}
