/**
 * What a container's root may do, with the bit number in the kernel's masks (capability.h): Docker's default
 * set, and NET_ADMIN for its own network, because the machine sets its addresses itself.
 */
const GRANTED: Readonly<Record<string, number>> = {
  CAP_CHOWN: 0,
  CAP_DAC_OVERRIDE: 1,
  CAP_FOWNER: 3,
  CAP_FSETID: 4,
  CAP_KILL: 5,
  CAP_SETGID: 6,
  CAP_SETUID: 7,
  CAP_SETPCAP: 8,
  CAP_NET_BIND_SERVICE: 10,
  CAP_NET_ADMIN: 12,
  CAP_NET_RAW: 13,
  CAP_SYS_CHROOT: 18,
  CAP_MKNOD: 27,
  CAP_AUDIT_WRITE: 29,
  CAP_SETFCAP: 31,
};

/**
 * The capabilities of a container on a host with this bounding set (`CapBnd` of /proc/self/status, hexadecimal):
 * asking for one that the host itself has lost would fail the start.
 */
export function grantedCapabilities(boundingSet: string): string[] {
  const bounding = BigInt(`0x${boundingSet}`);
  return Object.entries(GRANTED)
    .filter(([, bit]) => ((bounding >> BigInt(bit)) & 1n) === 1n)
    .map(([name]) => name);
}
