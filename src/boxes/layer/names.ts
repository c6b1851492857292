import { Refusal } from "./refusal.ts";

/** What an entry's name asks for. Paths are relative to the root, which is "", and have one character a byte. */
export type Place =
  | { readonly kind: "path"; readonly path: string }
  /** The path is not to be seen in the layers below. */
  | { readonly kind: "whiteout"; readonly path: string }
  /** Nothing of this directory is to be seen in the layers below. */
  | { readonly kind: "opaque"; readonly path: string }
  /** AUFS's own bookkeeping. */
  | { readonly kind: "ignored" };

/** Less than the kernel's 4096, for the tree lies somewhere itself. */
const MOST_PATH_BYTES = 3800;
const MOST_DEPTH = 1000;
const MOST_COMPONENT_BYTES = 255;
const WHITEOUT = ".wh.";
const BOOKKEEPING = ".wh..wh.";
const OPAQUE = ".wh..wh..opq";

/**
 * Tells what a name means (OCI image-spec, layer.md, "Whiteouts").
 * @throws Refusal for names that lead outside, that no file system takes, or that are whiteouts of nothing.
 */
export function placeOf(name: string): Place {
  const path = normalise(name, name);
  const components = path.split("/");
  const last = components.pop() ?? "";
  if (last === OPAQUE && components.every((each) => !each.startsWith(WHITEOUT))) {
    return { kind: "opaque", path: components.join("/") };
  }
  if ([...components, last].some((each) => each.startsWith(BOOKKEEPING))) return { kind: "ignored" };
  if (components.some((each) => each.startsWith(WHITEOUT))) throw new Refusal("is inside a whiteout", name);
  if (!last.startsWith(WHITEOUT)) return { kind: "path", path };
  const hidden = last.slice(WHITEOUT.length);
  if (["", ".", ".."].includes(hidden)) throw new Refusal("is a whiteout of nothing", name);
  return { kind: "whiteout", path: [...components, hidden].join("/") };
}

/**
 * The path that a hard link goes to.
 * @throws Refusal, naming the entry that has the link, when it leads outside.
 */
export function linkTargetOf(link: string, entry: string): string {
  const path = normalise(link, entry, "is a hard link to a name that");
  if (path === "") throw new Refusal("is a hard link to the root", entry);
  if (path.split("/").some((each) => each.startsWith(WHITEOUT))) {
    throw new Refusal("is a hard link to a whiteout", entry);
  }
  return path;
}

function normalise(name: string, entry: string, subject = "has a name that"): string {
  if (name === "") throw new Refusal(`${subject} is empty`, entry);
  if (name.includes("\0")) throw new Refusal(`${subject} has a NUL in it`, entry);
  if (name.startsWith("/")) throw new Refusal(`${subject} is absolute`, entry);
  const components = name.split("/").filter((each) => each !== "" && each !== ".");
  if (components.includes("..")) throw new Refusal(`${subject} leads outside (\`..\`)`, entry);
  if (components.some((each) => each.length > MOST_COMPONENT_BYTES)) {
    throw new Refusal(`${subject} has a part of more than ${MOST_COMPONENT_BYTES} bytes`, entry);
  }
  const path = components.join("/");
  if (path.length > MOST_PATH_BYTES || components.length > MOST_DEPTH) {
    throw new Refusal(`${subject} is too long or too deep`, entry);
  }
  return path;
}
