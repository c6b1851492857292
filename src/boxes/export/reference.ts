import type { Box } from "../box.ts";

/** How an exported image is called: `debian:12`, `shop/web:latest`, `docker.io/library/nginx:1.27`. */
export interface ExportReference {
  readonly full: string;
  readonly tag: string;
}

const TAG_LIKE = /^(?:v?\d[\w.-]*|latest|stable|edge)$/;

/**
 * The name under which an image of the box is loaded: the one it was pulled by, else the box's, whose last part is the
 * tag where it looks like a version. Only images have tags; a box's name may end in any word.
 */
export function exportReference(box: Pick<Box, "name" | "source">): ExportReference {
  const pulled = box.source && "image" in box.source ? box.source.image.replace(/@.*$/, "") : undefined;
  if (pulled) return split(pulled) ?? { full: `${pulled}:latest`, tag: "latest" };
  const [name = "", digest] = box.name.split("@");
  if (digest) return { full: `${name}:latest`, tag: "latest" };
  const slash = name.lastIndexOf("/");
  const [path, last] = [name.slice(0, Math.max(slash, 0)), name.slice(slash + 1)];
  const isTag = slash > 0 && (TAG_LIKE.test(last) || /^[^/]*[.:]/.test(name));
  return isTag ? { full: `${path}:${last}`, tag: last } : { full: `${name}:latest`, tag: "latest" };
}

function split(reference: string): ExportReference | undefined {
  const colon = reference.lastIndexOf(":");
  if (colon <= reference.lastIndexOf("/")) return undefined;
  return { full: reference, tag: reference.slice(colon + 1) };
}
