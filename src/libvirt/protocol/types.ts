import { fixedOpaque, type Infer, int, mapped, option, string, struct, XdrError } from "../xdr/index.ts";
import { Limits } from "./limits.ts";

/** Text that is always there. */
export const text = string(Limits.STRING_BYTES);

/** Text that may be absent. */
export const optionalText = option(text);

/** Sixteen bytes on the wire, `12345678-1234-1234-1234-123456789abc` in TypeScript. */
export const uuid = mapped(fixedOpaque(16), formatUuid, parseUuid);

/** A domain's identity; `id` is -1 when it does not run. */
export const domain = struct({ name: text, uuid, id: int });

/** A storage pool's identity. */
export const storagePool = struct({ name: text, uuid });

/** A volume's identity: the pool's name, its own, and a key unique on the host. */
export const storageVolume = struct({ pool: text, name: text, key: text });

/** An error reply (`virNetMessageError`); `dom` and `net` are unused leftovers. */
export const errorReply = struct({
  code: int,
  domain: int,
  message: optionalText,
  level: int,
  dom: option(domain),
  str1: optionalText,
  str2: optionalText,
  str3: optionalText,
  int1: int,
  int2: int,
  net: option(struct({ name: text, uuid })),
});

/** What names a domain in calls; get one from `domains.create`, `list` or a lookup. */
export type DomainRef = Readonly<Infer<typeof domain>>;

/** What names a storage pool in calls. */
export type StoragePoolRef = Readonly<Infer<typeof storagePool>>;

/** What names a storage volume in calls. */
export type StorageVolumeRef = Readonly<Infer<typeof storageVolume>>;

function formatUuid(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString("hex");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function parseUuid(value: string): Uint8Array {
  const hex = value.replaceAll("-", "");
  if (!/^[0-9a-fA-F]{32}$/.test(hex)) throw new XdrError(`${JSON.stringify(value)} is not a UUID`);
  return Buffer.from(hex, "hex");
}
