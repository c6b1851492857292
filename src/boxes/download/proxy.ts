import { BothyError } from "../../errors.ts";
import { environment } from "../../system/index.ts";

type Variable = Parameters<typeof environment>[0];

/**
 * The proxy for a URL as the environment tells it, or `undefined` for none. Lower-case names win, as in curl; an entry
 * of `no_proxy` is a host, a domain with all below it (`.lab.example` or `lab.example`), either with a port, an IPv4
 * range (`10.0.0.0/8`) or `*`. Programs on this host are always reached directly.
 */
export function proxyFor(url: URL): URL | undefined {
  const value =
    url.protocol === "https:" ? either("https_proxy", "HTTPS_PROXY") : either("http_proxy", "HTTP_PROXY");
  const proxy = value ?? either("all_proxy", "ALL_PROXY");
  if (!proxy || isLoopback(url.hostname) || isExempt(url)) return undefined;
  const text = proxy.includes("://") ? proxy : `http://${proxy}`;
  if (/^https?:\/\/./i.test(text) && URL.canParse(text)) return new URL(text);
  throw new BothyError("CONFIG_INVALID", `the environment names a proxy for ${url.host} that can be none`, {
    hints: [
      "env | grep -i _proxy",
      "proxies are written http://HOST:PORT; those of other kinds are not used",
    ],
  }); // without its text: it may have a password
}

/** `localhost` and the addresses that never leave this host; brackets of an IPv6 address may be there. */
export function isLoopback(hostname: string): boolean {
  return /^(?:localhost|.*\.localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)$/i.test(hostname);
}

function either(lower: Variable, upper: Variable): string | undefined {
  return environment(lower) ?? environment(upper);
}

function isExempt(url: URL): boolean {
  const entries = (either("no_proxy", "NO_PROXY") ?? "").split(/[\s,]+/).filter(Boolean);
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  return entries.some((entry) => matches(entry.toLowerCase(), url.hostname.toLowerCase(), port));
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === "*") return true;
  if (entry.includes("/")) return isInRange(host, entry);
  const [, name = entry, entryPort] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
  if (entryPort !== undefined && entryPort !== port) return false;
  const domain = name.replace(/^\*?\./, "");
  return host === domain || host.endsWith(`.${domain}`);
}

function isInRange(host: string, range: string): boolean {
  const [base = "", bits = ""] = range.split("/");
  const [address, network] = [ipv4(host), ipv4(base)];
  if (address === undefined || network === undefined || !/^\d+$/.test(bits) || Number(bits) > 32)
    return false;
  const size = 2 ** (32 - Number(bits));
  return Math.floor(address / size) === Math.floor(network / size);
}

function ipv4(text: string): number | undefined {
  const parts = text.split(".").map(Number);
  const isAddress = parts.length === 4 && parts.every((part) => Number.isInteger(part) && part < 256);
  return isAddress ? parts.reduce((sum, part) => sum * 256 + part, 0) : undefined;
}
