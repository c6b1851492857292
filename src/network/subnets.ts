/** A range of IPv4 addresses. */
export interface Subnet {
  /** The first address as an unsigned number. */
  readonly base: number;
  readonly prefix: number;
}

/**
 * Where projects' subnets come from, in this order. A VPN often routes one private range as a whole, so each of the
 * three is here, off the corners that Docker, libvirt, Podman, LXD and home routers take first; the last is the
 * range for benchmarks (RFC 2544), for hosts that route all private ranges away.
 */
export const POOLS = ["10.83.0.0/16", "172.27.0.0/16", "192.168.128.0/17", "198.18.0.0/16"] as const;

const PROJECT_PREFIX = 24;

/** `0.0.0.0/1` and `128.0.0.0/1` are how VPNs write a default route: shorter than this is no claim to a range. */
const SHORTEST_CLAIM = 8;

/** Reads `10.83.0.0/24` or `10.83.0.7` (a /32); host bits are dropped. Anything else: `undefined`. */
export function parseSubnet(text: string): Subnet | undefined {
  const match = /^(\d+\.\d+\.\d+\.\d+)(?:\/(\d+))?$/.exec(text);
  const address = match?.[1] && addressToNumber(match[1]);
  const prefix = Number(match?.[2] ?? 32);
  if (address === undefined || address === "" || prefix > 32) return undefined;
  return { base: (address & maskOf(prefix)) >>> 0, prefix };
}

/** `10.83.0.0/24`. */
export function formatSubnet(subnet: Subnet): string {
  return `${numberToAddress(subnet.base)}/${subnet.prefix}`;
}

/** Whether two ranges share an address. */
export function overlaps(a: Subnet, b: Subnet): boolean {
  const mask = maskOf(Math.min(a.prefix, b.prefix));
  return (a.base & mask) === (b.base & mask);
}

/** Whether a route to that range says that the addresses are in use, unlike a default route. */
export function isClaim(subnet: Subnet): boolean {
  return subnet.prefix >= SHORTEST_CLAIM;
}

/** The first /24 of the pools that shares no address with `taken`; `undefined` when there is none. */
export function freeSubnet(taken: readonly Subnet[], pools: readonly string[] = POOLS): Subnet | undefined {
  const claims = taken.filter(isClaim);
  for (const pool of pools) {
    for (const candidate of subnetsOf(pool)) {
      if (!claims.some((claim) => overlaps(claim, candidate))) return candidate;
    }
  }
  return undefined;
}

/** The host's own address in a subnet: the first. */
export function gatewayOf(subnet: Subnet): string {
  return numberToAddress(subnet.base + 1);
}

/** The lowest address for a machine that is not in `used`; `undefined` when the subnet is full. */
export function freeAddress(subnet: Subnet, used: ReadonlySet<string>): string | undefined {
  const broadcast = subnet.base + 2 ** (32 - subnet.prefix) - 1;
  for (let number = subnet.base + 2; number < broadcast; number++) {
    const address = numberToAddress(number);
    if (!used.has(address)) return address;
  }
  return undefined;
}

/** The zone of a /24's reverse names: `0.83.10.in-addr.arpa`. */
export function reverseZone(subnet: Subnet): string {
  const [a, b, c] = numberToAddress(subnet.base).split(".");
  return `${c}.${b}.${a}.in-addr.arpa`;
}

/** `255.255.255.0`. */
export function netmask(subnet: Subnet): string {
  return numberToAddress(maskOf(subnet.prefix) >>> 0);
}

/** `10.83.0.1` as an unsigned number, or `undefined`. */
export function addressToNumber(text: string): number | undefined {
  const bytes = text.split(".").map(Number);
  if (bytes.length !== 4 || bytes.some((byte) => !Number.isInteger(byte) || byte > 255)) return undefined;
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0);
}

/** The dotted form of an unsigned number. */
export function numberToAddress(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join(".");
}

function* subnetsOf(pool: string): Generator<Subnet> {
  const range = parseSubnet(pool);
  if (!range) return;
  const step = 2 ** (32 - PROJECT_PREFIX);
  const end = range.base + 2 ** (32 - range.prefix);
  for (let base = range.base; base < end; base += step) yield { base, prefix: PROJECT_PREFIX };
}

function maskOf(prefix: number): number {
  return prefix === 0 ? 0 : (-1 << (32 - prefix)) | 0;
}
