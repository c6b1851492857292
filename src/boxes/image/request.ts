import { BothyError } from "../../errors.ts";
import type { Platform } from "../oci/platform.ts";

/** Which image of a layout or an archive is meant. */
export interface ImageRequest {
  /** As the user wrote it; for messages and for the box's metadata. */
  readonly reference: string;
  /** A tag, a full name or a digest; absent: the only one there is. */
  readonly name?: string | undefined;
  readonly platform: Platform;
}

/** The error for a name that is not there, or that has to be said. */
export function noSuchImage(request: ImageRequest, names: readonly string[]): BothyError {
  const known = [...new Set(names)];
  const base =
    request.name === undefined ? request.reference : request.reference.slice(0, -request.name.length - 1);
  const hints =
    known.length > 0 ? [`there are: ${known.join(", ")}`, `bothy box add ${base}:${known[0]}`] : [];
  const what =
    request.name !== undefined
      ? `has no image \`${request.name}\``
      : known.length > 0
        ? "holds several images: say which one"
        : "holds no image";
  return new BothyError("IMAGE_UNKNOWN", `\`${base}\` ${what}`, { hints });
}
