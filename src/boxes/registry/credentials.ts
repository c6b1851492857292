import { homedir } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import { BothyError, hasErrno, messageOf } from "../../errors.ts";
import { environment, readIfExists } from "../../system/index.ts";
import { askHelper } from "./credential-helper.ts";

/** What opens a registry. The secret is in no message and no log. */
export interface Credential {
  /** `robin (from /root/.docker/config.json)`: fit for messages. */
  readonly shown: string;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** To be exchanged for a token (OAuth 2 refresh token). */
  readonly identityToken?: string | undefined;
  /** Already a token. */
  readonly registryToken?: string | undefined;
}

const entrySchema = z.object({
  auth: z.string().nullish(),
  username: z.string().nullish(),
  password: z.string().nullish(),
  identitytoken: z.string().nullish(),
  registrytoken: z.string().nullish(),
});

const fileSchema = z.object({
  auths: z.record(z.string(), entrySchema).nullish(),
  credsStore: z.string().nullish(),
  credHelpers: z.record(z.string(), z.string()).nullish(),
});

type Entry = z.infer<typeof entrySchema>;

/** Docker keeps the login for docker.io under this name. */
const DOCKER_IO_KEY = "https://index.docker.io/v1/";
const DOCKER_IO = ["docker.io", "index.docker.io", "registry-1.docker.io"];

/** Docker's own file: `$DOCKER_CONFIG/config.json` or `~/.docker/config.json`. */
export function credentialsFile(): string {
  return join(environment("DOCKER_CONFIG") ?? join(homedir(), ".docker"), "config.json");
}

/**
 * The credential for a host (`docker.io`, `localhost:5000`), from the helper that the file names for it or from the
 * file itself; `undefined` when there is none.
 * @throws BothyError `CREDENTIALS_INVALID` when the file or the helper is broken.
 */
export async function findCredential(host: string): Promise<Credential | undefined> {
  const path = credentialsFile();
  const file = await readFile(path);
  if (!file) return undefined;
  const isHost = (key: string) => sameHost(key, host);
  const helperKey = Object.keys(file.credHelpers ?? {}).find(isHost);
  const helper = (helperKey && file.credHelpers?.[helperKey]) || file.credsStore;
  const found = helper ? await askHelper(helper, serverName(host)) : undefined;
  if (found) return found;
  const key = Object.keys(file.auths ?? {}).find(isHost);
  const entry = key ? file.auths?.[key] : undefined;
  return entry && fromEntry(entry, path, key ?? host);
}

/** Keys are hosts, or URLs as old versions wrote them. */
function sameHost(key: string, host: string): boolean {
  const bare = key
    .toLowerCase()
    .replace(/^https?:\/\//, "")
    .replace(/\/.*$/, "");
  return bare === host.toLowerCase() || (DOCKER_IO.includes(bare) && DOCKER_IO.includes(host));
}

function serverName(host: string): string {
  return DOCKER_IO.includes(host) ? DOCKER_IO_KEY : host;
}

async function readFile(path: string): Promise<z.infer<typeof fileSchema> | undefined> {
  const text = await readIfExists(path).catch((error: unknown) => {
    if (hasErrno(error, "EACCES", "EISDIR")) throw broken(path, messageOf(error));
    throw error;
  });
  if (text === undefined) return undefined;
  const parsed = fileSchema.safeParse(parseJson(text, path));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw broken(path, `${issue?.path.join(".")}: ${issue?.message}`);
}

/** The parser's own message would quote the text, and with it a secret. */
function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw broken(path, "it is no JSON");
  }
}

function fromEntry(entry: Entry, path: string, key: string): Credential | undefined {
  const [user, password] = entry.auth ? decode(entry.auth, path, key) : [entry.username, entry.password];
  const from = `from ${path}`;
  if (entry.registrytoken) return { shown: `a token (${from})`, registryToken: entry.registrytoken };
  if (entry.identitytoken) {
    const who = user ? `\`${user}\`` : "an identity token";
    return { shown: `${who} (${from})`, user: user ?? undefined, identityToken: entry.identitytoken };
  }
  if (!user || password === undefined || password === null) return undefined; // `{}` is what helpers leave
  return { shown: `\`${user}\` (${from})`, user, password };
}

function decode(auth: string, path: string, key: string): [string, string] {
  const text = Buffer.from(auth, "base64").toString("utf8").replace(/\0+$/, "");
  const colon = text.indexOf(":");
  if (colon < 1) throw broken(path, `\`auth\` of \`${key}\` is not USER:PASSWORD in base64`);
  return [text.slice(0, colon), text.slice(colon + 1)];
}

function broken(path: string, why: string): BothyError {
  return new BothyError("CREDENTIALS_INVALID", `cannot read the credentials in \`${path}\`: ${why}`, {
    hints: [`mend it, or start with a new one: mv ${path} ${path}.old`],
  });
}
