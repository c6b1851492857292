import { BothyError } from "../errors.ts";

const SEGMENT = /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*$/;
const LONGEST = 128;

/**
 * The one spelling of a box's name. Names are paths of lower-case words (`debian/12`, `team/web/3.1`);
 * upper case is folded, and the last `/` may be written as Docker's colon (`debian:12`).
 * @throws BothyError `USAGE` for what can be no name.
 */
export function normaliseBoxName(name: string): string {
  const path = name.toLowerCase().replace(/:([^:/]*)$/, "/$1");
  const segments = path.split("/");
  if (path.length <= LONGEST && segments.every((segment) => SEGMENT.test(segment))) return path;
  throw new BothyError("USAGE", `\`${name}\` cannot be the name of a box`, {
    hints: ["names are letters, digits, `.`, `_` and `-`, in parts set apart by `/`: debian/12, team/web"],
  });
}
