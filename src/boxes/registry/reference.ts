import { BothyError } from "../../errors.ts";
import { OCI_DIGEST } from "../oci/schema.ts";

/** Where an image lies. Has a digest or a tag: of both, the digest wins. */
export interface ImageReference {
  /** `docker.io`, `registry.example.com:5000`; lower-case, but for a host that only its capitals tell to be one. */
  readonly host: string;
  readonly repository: string;
  readonly tag?: string;
  /** `sha256:...` */
  readonly digest?: string;
}

const DEFAULT_HOST = "docker.io";
const HOST =
  /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:]+\])(?::\d{1,5})?$/;
const REPOSITORY = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const LONGEST = 255;

/**
 * Reads a reference as Docker does: `nginx` is `docker.io/library/nginx:latest`, `me/app` is `docker.io/me/app:latest`;
 * the first part is a host when it is `localhost`, has a `.`, a `:` or a capital.
 * @throws BothyError `USAGE` with the reason when it can be none.
 */
export function parseReference(text: string): ImageReference {
  if (text.includes("://")) throw wrong(text, "it is a URL", text.replace(/^.*:\/\//, ""));
  if (/^[0-9a-f]{64}$/.test(text)) throw wrong(text, "64 hex digits alone are an image's id, not its name");
  const [name = "", digest] = splitOnce(text, "@");
  const tagAt = /:([^:/]*)$/.exec(name);
  const path = tagAt ? name.slice(0, tagAt.index) : name;
  const { host, repository } = place(path);
  check(text, path, host, repository);
  if (digest !== undefined) {
    if (!OCI_DIGEST.test(digest)) throw wrong(text, `\`${digest}\` is no sha256 or sha512 digest`);
    return { host, repository, digest };
  }
  const tag = tagAt ? (tagAt[1] ?? "") : "latest";
  if (!TAG.test(tag)) throw wrong(text, `\`${tag}\` can be no tag: letters, digits, \`.\`, \`_\`, \`-\``);
  return { host, repository, tag };
}

/** The one full spelling: `docker.io/library/nginx:1.27`, `localhost:5000/app@sha256:...`. */
export function canonicalReference({ host, repository, tag, digest }: ImageReference): string {
  return `${host}/${repository}${digest ? `@${digest}` : `:${tag ?? "latest"}`}`;
}

/** As people write it: `nginx:1.27`. */
export function familiarReference(reference: ImageReference): string {
  return canonicalReference(reference).replace(/^docker\.io\/(?:library\/)?/, "");
}

function place(path: string): { host: string; repository: string } {
  const [first = "", rest] = splitOnce(path, "/");
  const isPlain = first === "localhost" || /[.:]/.test(first);
  const isHost = rest !== undefined && (isPlain || /[A-Z]/.test(first));
  const named = isPlain ? first.toLowerCase() : first;
  const host = isHost ? named : DEFAULT_HOST;
  const repository = isHost ? rest : path;
  if (host !== DEFAULT_HOST && host !== "index.docker.io") return { host, repository };
  return { host: DEFAULT_HOST, repository: repository.includes("/") ? repository : `library/${repository}` };
}

function check(text: string, path: string, host: string, repository: string): void {
  const isHost = HOST.test(host.toLowerCase()) && URL.canParse(`https://${host}/`); // no port 99999, no 1.2.3.456
  if (!isHost) throw wrong(text, `\`${host}\` can be no host`);
  if (repository !== repository.toLowerCase()) {
    throw wrong(text, "names of images are lower-case", text.replace(path, path.toLowerCase()));
  }
  if (!REPOSITORY.test(repository)) throw wrong(text, `\`${repository}\` can be no name of an image`);
  if (host.length + 1 + repository.length > LONGEST)
    throw wrong(text, `it is longer than ${LONGEST} characters`);
}

function wrong(text: string, why: string, better?: string): BothyError {
  return new BothyError("USAGE", `\`${text}\` is no reference to an image: ${why}`, {
    hints: better
      ? [`did you mean \`${better}\`?`]
      : ["references are [HOST[:PORT]/]NAME[:TAG] or NAME@sha256:...: nginx:1.27, localhost:5000/team/app"],
  });
}

function splitOnce(text: string, mark: string): [string, string | undefined] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + mark.length)];
}
