import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BothyError, messageOf } from "../../errors.ts";
import { ensureFolder, environment } from "../../system/index.ts";
import { isLoopback } from "../download/index.ts";
import {
  type Credential,
  findCredential,
  type ImageReference,
  readSettings,
  type Settings,
} from "../registry/index.ts";

/** Flags and variables by which buildah reaches registries just as bothy's own client does. */
export interface RegistryAccess {
  /** For `buildah` itself. */
  readonly flags: readonly string[];
  /** For `buildah build`. */
  readonly buildFlags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** For commands that fetch nothing. */
export const NO_REGISTRIES: RegistryAccess = { flags: [], buildFlags: [], env: {} };

const PROXIES = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY"] as const;

/**
 * Writes what buildah has to know of the registries of these images into `folder`, secrets among it: names completed as
 * Docker does, mirrors, plain HTTP and authorities of bothy's own file, Docker's credentials. The host's
 * configuration for buildah has no say.
 * @throws BothyError `CONFIG_INVALID`, `CREDENTIALS_INVALID`.
 */
export async function writeRegistryAccess(
  folder: string,
  references: readonly ImageReference[],
): Promise<RegistryAccess> {
  const hosts = [...new Set(references.map(({ host }) => host))].sort();
  const settings = await readSettings();
  const found = await Promise.all(hosts.map(async (host) => [host, await findCredential(host)] as const));
  const at = (name: string) => join(folder, name);
  await Promise.all(["no-more.d", "certs"].map((name) => ensureFolder(at(name), 0o700)));
  await Promise.all([
    writeFile(at("registries.conf"), registriesConfig(hosts, settings)),
    writeFile(at("short-names.conf"), ""),
    writeFile(at("auth.json"), authFile(found), { mode: 0o600 }),
    ...authoritiesOf(hosts, settings).map((path, index) => copyAuthority(path, at(`certs/${index}.crt`))),
  ]);
  const conf = ["--registries-conf", at("registries.conf"), "--registries-conf-dir", at("no-more.d")];
  return {
    flags: [...conf, "--short-name-alias-conf", at("short-names.conf")],
    buildFlags: ["--authfile", at("auth.json"), "--cert-dir", at("certs")],
    env: passedOn(),
  };
}

/** registries.conf, version 2 (containers-registries.conf(5)). */
export function registriesConfig(hosts: readonly string[], settings: Pick<Settings, "of">): string {
  const tables = hosts.map((host) => {
    const { mirrors = [], http, insecure } = settings.of(host);
    const trusted = Boolean(http) || Boolean(insecure) || isThisHost(host);
    return [`[[registry]]`, ...place(host, trusted), ...mirrors.flatMap(mirrorTable)].join("\n");
  });
  return [
    'unqualified-search-registries = ["docker.io"]',
    'short-name-mode = "disabled"',
    ...tables,
    "",
  ].join("\n");
}

function mirrorTable(mirror: string): string[] {
  const location = mirror.replace(/^https?:\/\//, "").replace(/\/+$/, "");
  const trusted = mirror.startsWith("http://") || isThisHost(location.split("/")[0] ?? "");
  return ["[[registry.mirror]]", ...place(location, trusted)];
}

function isThisHost(host: string): boolean {
  return isLoopback(host.replace(/:\d+$/, ""));
}

/** `insecure` allows plain HTTP as well as unknown certificates. */
function place(location: string, insecure: boolean): string[] {
  return [`location = ${JSON.stringify(location)}`, `insecure = ${insecure}`];
}

function authFile(found: readonly (readonly [string, Credential | undefined])[]): string {
  const auths = found.flatMap(([host, credential]) => {
    const { user = "", password, identityToken } = credential ?? {};
    if (password === undefined && identityToken === undefined) return [];
    const auth = Buffer.from(`${user}:${password ?? ""}`).toString("base64");
    return [
      [host, { auth, ...(identityToken === undefined ? {} : { identitytoken: identityToken }) }] as const,
    ];
  });
  return JSON.stringify({ auths: Object.fromEntries(auths) });
}

function authoritiesOf(hosts: readonly string[], settings: Settings): string[] {
  const own = hosts.flatMap((host) => settings.of(host).ca ?? []);
  return [...new Set([...settings.authorities, ...own])];
}

async function copyAuthority(path: string, target: string): Promise<void> {
  await copyFile(path, target).catch((cause: unknown) => {
    throw new BothyError(
      "CONFIG_INVALID",
      `cannot trust the certificates of \`${path}\`: ${messageOf(cause)}`,
      {
        hints: ["`ca:` of registries.yaml names it (docs/registries.md)"],
        cause,
      },
    );
  });
}

/** Proxies count for RUN too, as they do with Docker. */
function passedOn(): Record<string, string> {
  const names = [...PROXIES, "SSL_CERT_FILE"] as const;
  return Object.fromEntries(
    names.flatMap((name) => (environment(name) ? [[name, environment(name) ?? ""]] : [])),
  );
}
