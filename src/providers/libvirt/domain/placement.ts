/** First slot of `pcie.0` for our devices; below it are the host bridge and the spare root ports. */
const FIRST_SLOT = 3;
const FUNCTIONS = 8;
/** Slots 3 to 0x1e; 0x1f is the chipset's own. */
export const MAX_DEVICES = (0x1f - FIRST_SLOT) * FUNCTIONS;

/** Where a device sits on `pcie.0`. */
export interface PciAddress {
  readonly slot: string;
  readonly function: string;
  /** `on` for the first function of a slot, and only there. */
  readonly multifunction: boolean;
}

/**
 * The place of the n-th device: eight to a slot. Under emulation 21 disks then cost a boot 0.4 s more than 4;
 * with a port each, which is libvirt's default, it would be the double.
 */
export function pciAddress(index: number): PciAddress {
  if (index >= MAX_DEVICES) throw new RangeError(`no PCI place for device ${index}`);
  const fn = index % FUNCTIONS;
  return {
    slot: `0x${(FIRST_SLOT + Math.floor(index / FUNCTIONS)).toString(16).padStart(2, "0")}`,
    function: `0x${fn}`,
    multifunction: fn === 0,
  };
}

/** `vda` ... `vdz`, `vdaa`, ...: libvirt wants a name for each disk; the guest goes by serial only. */
export function diskName(index: number): string {
  const letter = String.fromCharCode(97 + (index % 26));
  const rest = Math.floor(index / 26);
  return rest === 0 ? `vd${letter}` : `${diskName(rest - 1)}${letter}`;
}
