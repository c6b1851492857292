import { BothyError } from "../../../errors.ts";

/** A folder that stays off the overlay: `volumes/NAME` on the data disk, seen at `path`. */
export interface Volume {
  readonly name: string;
  readonly path: string;
}

/** A name is a path with its special bytes as `%XX`; `.` and `..` are none, nor is a bare `%`, which boxes/tools/volumes has. */
const LINE = /^(?!\.{1,2} )(?<name>(?:[\w.-]|%[\dA-F]{2})+) (?<path>\/.*)$/;

/** Reads the seed's `volumes` file (docs/guest.md). @throws BothyError `MACHINE_BROKEN` for a line it cannot mean. */
export function parseVolumes(text: string): Volume[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const { name, path } = LINE.exec(line)?.groups ?? {};
      if (name === undefined || path === undefined) {
        throw new BothyError("MACHINE_BROKEN", `the seed has a volume that is none: '${line}'`);
      }
      return { name, path };
    });
}
