import { BothyError } from "../errors.ts";

const SEGMENT = /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*$/;
/** `registry.example.com`, `localhost:5000`, `[::1]:5000`. */
const HOST = /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(?::\d{1,5})?$/;
/** What the distribution specification allows as a tag; other than the rest of a name it may have capitals. */
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;
const DIGEST_END = /@(?:sha256\/[0-9a-f]{64}|sha512\/[0-9a-f]{128})$/;
const LONGEST_SEGMENT = 128;
/** A lock's file is named by the whole. */
const LONGEST = 240;

/** Where an image lies: as much of a reference as its box's name needs. */
export interface ImageName {
  readonly host: string;
  readonly repository: string;
  readonly tag?: string | undefined;
  /** `sha256:HEX`; wins over a tag. */
  readonly digest?: string | undefined;
}

/**
 * The one spelling of a box's name. Names are paths of lower-case words (`debian/12`, `team/web/3.1`);
 * upper case is folded, and the last `/` may be written as Docker's colon (`debian:12`). An image's begins with its
 * registry, which may have a port, and ends with its tag, whose case is kept, or its digest
 * (`localhost:5000/app/1`, `docker.io/library/nginx@sha256/HEX`).
 * @throws BothyError `USAGE` for what can be no name.
 */
export function normaliseBoxName(name: string): string {
  const path = foldCase(name.replace(/:([^:/]*)$/, "/$1"));
  if (path.length <= LONGEST && isPath(path)) return path;
  throw new BothyError("USAGE", `\`${name}\` cannot be the name of a box`, {
    hints: [
      "names are letters, digits, `.`, `_` and `-`, in parts set apart by `/`: debian/12, team/web",
      ...(path.length > LONGEST
        ? [`and have up to ${LONGEST} characters: \`bothy box add --name NAME IMAGE\``]
        : []),
    ],
  });
}

/** The name of the box that is made of an image: `docker.io/library/nginx/1.27`. @throws BothyError `USAGE` when it is too long. */
export function boxNameOfImage({ host, repository, tag, digest }: ImageName): string {
  const end = digest ? `@${digest}` : `:${tag ?? "latest"}`;
  return normaliseBoxName(`${host}/${repository}${end}`);
}

function foldCase(path: string): string {
  const folded = path.toLowerCase();
  if (!hasRegistry(folded)) return folded;
  return folded.slice(0, folded.lastIndexOf("/")) + path.slice(path.lastIndexOf("/"));
}

function isPath(path: string): boolean {
  const digestless = path.replace(DIGEST_END, "");
  const segments = digestless.split("/");
  const last = segments.length - 1;
  if (digestless !== path && last === 0) return SEGMENT.test(digestless);
  return segments.every((segment, index) => {
    if (segment.length > LONGEST_SEGMENT) return false;
    if (index === 0 && last > 0 && HOST.test(segment) && hasRegistry(path)) return true;
    if (index < last && segment.endsWith(".json")) return false; // would be the file of the box before it
    return SEGMENT.test(segment) || (index === last && last > 1 && hasRegistry(path) && TAG.test(segment));
  });
}

/** As Docker tells a registry from the first part of a name. */
function hasRegistry(path: string): boolean {
  const first = path.split("/", 1)[0] ?? "";
  return path.includes("/") && (/[.:]/.test(first) || first === "localhost");
}
