import { ConnectError } from "../errors/index.ts";

/** A libvirt URI, taken apart as src/remote/remote_driver.c (libvirt 9.0) does. */
export interface LibvirtUri {
  /** `qemu`, `lxc`, ... */
  readonly driver: string;
  readonly transport: "unix" | "ssh";
  /** Whose daemon: the host's or the user's. */
  readonly mode: "system" | "session";
  /** Without brackets for IPv6; `localhost` when the URI has none. */
  readonly host: string;
  readonly port: number | undefined;
  readonly user: string | undefined;
  /** What the server is asked to open, e.g. `qemu:///system`. */
  readonly remoteName: string;
  /** The parameters that are for the client, e.g. `socket` or `keyfile`. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** Parameters that steer the client; all others are passed on to the server. */
const CLIENT_PARAMETERS = new Set([
  ...["name", "command", "socket", "auth", "sshauth", "netcat", "keyfile", "pkipath", "known_hosts"],
  ...["known_hosts_verify", "tls_priority", "mode", "proxy", "no_sanity", "no_verify", "no_tty", "authfile"],
]);

/** Parses `driver[+transport]://[user@][host][:port]/path[?parameters]`. Throws `ConnectError`. */
export function parseUri(text: string): LibvirtUri {
  const url = parse(text);
  const [driver = "", explicit] = url.protocol.slice(0, -1).split("+");
  const parameters = new Map([...url.searchParams].filter(([name]) => CLIENT_PARAMETERS.has(name)));
  return {
    driver,
    transport: chooseTransport(text, explicit, url.hostname),
    mode: chooseMode(text, url.pathname, parameters),
    host: url.hostname.replace(/^\[(.*)\]$/, "$1") || "localhost",
    port: url.port ? Number(url.port) : undefined,
    user: decodeURIComponent(url.username) || undefined,
    remoteName: parameters.get("name") ?? remoteName(driver, url),
    parameters,
  };
}

function parse(text: string): URL {
  try {
    const url = new URL(text);
    decodeURIComponent(url.username);
    return url;
  } catch (cause) {
    throw new ConnectError("invalid-uri", `${JSON.stringify(text)} is not a URI`, { cause });
  }
}

function chooseTransport(text: string, explicit: string | undefined, host: string): "unix" | "ssh" {
  const transport = explicit ?? (host ? "tls" : "unix");
  if (transport === "unix" || transport === "ssh") return transport;
  const why = explicit === undefined ? ` (a host without a transport means ${transport})` : "";
  throw new ConnectError(
    "unsupported-transport",
    `${JSON.stringify(text)}: transport "${transport}" is not supported${why}, use "ssh" or "unix"`,
  );
}

function chooseMode(text: string, path: string, parameters: Map<string, string>): "system" | "session" {
  if (path === "/session") return "session";
  if (path === "/system" || parameters.has("socket")) return "system";
  throw new ConnectError("invalid-uri", `${JSON.stringify(text)}: the path must be /system or /session`);
}

function remoteName(driver: string, url: URL): string {
  const passed = [...url.searchParams].filter(([name]) => !CLIENT_PARAMETERS.has(name));
  const query = new URLSearchParams(passed).toString();
  return `${driver}://${url.pathname}${query ? `?${query}` : ""}`;
}
