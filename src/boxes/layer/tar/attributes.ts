import { Refusal } from "../refusal.ts";
import type { TarHeader } from "./header.ts";
import { type PaxRecords, paxNumber, paxText } from "./pax.ts";

/** What a tar's entry is. */
export type EntryType = "file" | "hardlink" | "symlink" | "character" | "block" | "directory" | "fifo";

/** Extended attributes by their full names (one character a byte). */
export type Xattrs = ReadonlyMap<string, Buffer>;

/** What a file of any type has. */
export interface Attributes {
  /** Permission bits with setuid, setgid and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Since 1970; may be negative. */
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly xattrs: Xattrs;
}

const NONE: Xattrs = new Map();
/** (uid_t)-1 tells chown(2) to leave the owner as it is. */
const MOST_ID = 0xffff_fffe;

/**
 * What an entry's header and pax records say of its attributes. User and group names are ignored, as images want it.
 * @throws Refusal for ids and times that no file can have.
 */
export function readAttributes(header: TarHeader, pax: PaxRecords, entry: string): Attributes {
  const uid = (pax.length > 0 ? paxNumber(pax, "uid", entry) : undefined) ?? header.uid;
  const gid = (pax.length > 0 ? paxNumber(pax, "gid", entry) : undefined) ?? header.gid;
  for (const id of [uid, gid]) {
    if (id < 0 || id > MOST_ID) throw new Refusal(`belongs to the absurd id ${id}`, entry);
  }
  const mtime = pax.length > 0 ? paxText(pax, "mtime") : undefined;
  const time = mtime === undefined ? { seconds: header.mtime, nanoseconds: 0 } : readTime(mtime, entry);
  return { mode: header.mode & 0o7777, uid, gid, ...time, xattrs: pax.length > 0 ? readXattrs(pax) : NONE };
}

function readTime(text: string, entry: string): { seconds: number; nanoseconds: number } {
  const parts = /^(-?)(\d{1,15})(?:\.(\d*))?$/.exec(text);
  if (!parts) throw new Refusal(`has the absurd time \`${text.slice(0, 40)}\``, entry);
  const [, sign, whole, fraction = ""] = parts;
  const seconds = Number(whole);
  const nanoseconds = Number(fraction.slice(0, 9).padEnd(9, "0"));
  if (sign !== "-") return { seconds, nanoseconds };
  if (nanoseconds === 0) return { seconds: seconds === 0 ? 0 : -seconds, nanoseconds: 0 };
  return { seconds: -seconds - 1, nanoseconds: 1_000_000_000 - nanoseconds };
}

/** SCHILY's are raw bytes, libarchive's are base64 with names in URL encoding; star and GNU write the first only. */
function readXattrs(pax: PaxRecords): Xattrs {
  const found = new Map<string, Buffer>();
  for (const [key, value] of pax) {
    const [raw, encoded] = [suffix(key, "SCHILY.xattr."), suffix(key, "LIBARCHIVE.xattr.")];
    if (encoded !== undefined) setUnlessThere(found, percentDecoded(encoded), value);
    if (raw !== undefined) found.set(percentDecoded(raw, /%(25|3[Dd])/g), value);
  }
  for (const name of found.keys()) if (!isKept(name)) found.delete(name);
  return found;
}

function suffix(key: string, prefix: string): string | undefined {
  return key.startsWith(prefix) ? key.slice(prefix.length) : undefined;
}

/** Both may be there for one attribute; they say the same. */
function setUnlessThere(found: Map<string, Buffer>, name: string, base64: Buffer): void {
  if (!found.has(name)) found.set(name, Buffer.from(base64.toString("latin1"), "base64"));
}

function percentDecoded(text: string, pattern = /%([0-9A-Fa-f]{2})/g): string {
  return text.replace(pattern, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/**
 * Not kept: overlayfs's own marks, with which an archive could hide or redirect what is below, and the labels of the
 * builder's security modules (SELinux, IMA, EVM, Smack), which mean nothing to another host's policy.
 */
function isKept(name: string): boolean {
  if (name.startsWith("user.")) return !name.startsWith("user.overlay.") && name.length <= 255;
  if (name.startsWith("trusted.")) return !name.startsWith("trusted.overlay.") && name.length <= 255;
  return ["security.capability", "system.posix_acl_access", "system.posix_acl_default"].includes(name);
}
