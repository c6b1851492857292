import type { KernelFiles, RunSpec } from "../../provider.ts";
import { domainUuid } from "./identity.ts";
import { METADATA_NAMESPACE } from "./metadata.ts";
import { diskName, type PciAddress, pciAddress } from "./placement.ts";

/** How the guest's instructions run: on the processor, or emulated. */
export type Acceleration = "kvm" | "tcg";

/** A machine with what a VM needs of it. */
export interface VmSpec extends RunSpec {
  readonly kernel: KernelFiles;
}

/** What the template needs beside the machine itself. */
export interface DomainFacts {
  readonly name: string;
  readonly acceleration: Acceleration;
  readonly emulator: string;
  /** The tar with the seed. */
  readonly seedDisk: string;
  /** Whom QEMU runs as. */
  readonly owner: { readonly uid: number; readonly gid: number };
  /** Seconds since 1970. */
  readonly startedS: number;
}

/** Everything that `templates/libvirt/domain.xml.hbs` asks for. */
export interface DomainView {
  readonly accelerated: boolean;
  readonly name: string;
  readonly uuid: string;
  readonly metadata: { readonly namespace: string } & Record<string, string | number>;
  readonly memoryMiB: number;
  readonly vcpus: number;
  /** Microseconds of processor time per period for the whole domain; 0 is no limit. */
  readonly quotaUs: number;
  readonly periodUs: number;
  /** What is booted directly; absent where the firmware boots the first disk. */
  readonly kernel?: { readonly file: string; readonly initramfs: string; readonly commandLine: string };
  readonly efi: boolean;
  readonly emulator: string;
  readonly disks: readonly DiskView[];
  readonly nics: readonly NicView[];
  readonly rngAddress: PciAddress;
  readonly consoleLog: string;
  readonly owner: DomainFacts["owner"];
}

/** One virtio disk; the guest finds it by its serial. */
export interface DiskView {
  readonly serial: string;
  readonly file: string;
  readonly format: "raw" | "qcow2";
  readonly device: string;
  readonly writable: boolean;
  readonly address: PciAddress;
}

/** One virtio network interface. */
export interface NicView {
  readonly bridge: string;
  readonly hostLink: string;
  readonly mac: string;
  readonly address: PciAddress;
}

const PERIOD_US = 100_000;
/** Quiet: each line on the emulated serial port costs a millisecond. The initramfs needs no parameter. */
const COMMAND_LINE = "console=ttyS0 quiet loglevel=3 net.ifnames=0";

/**
 * Each disk takes two of the 200 interrupt vectors that a processor has; the hundredth would not be found. With more,
 * all share the few lines of the chipset.
 */
const MOST_MSI_DISKS = 80;

/** The finished view of a machine: pure, so that golden files show the whole domain. */
export function domainView(spec: VmSpec, facts: DomainFacts): DomainView {
  const disks = listDisks(spec, facts);
  const nicsFrom = 1;
  const disksFrom = nicsFrom + spec.nics.length;
  return {
    accelerated: facts.acceleration === "kvm",
    name: facts.name,
    uuid: domainUuid(spec.storeTag, spec.id),
    metadata: describe(spec, facts),
    memoryMiB: spec.memoryMiB,
    vcpus: Math.max(1, Math.ceil(spec.cpus)),
    quotaUs: Number.isInteger(spec.cpus) ? 0 : Math.round(spec.cpus * PERIOD_US),
    periodUs: PERIOD_US,
    ...(spec.boot ? {} : { kernel: directBoot(spec, disks.length) }),
    efi: spec.boot?.firmware === "efi",
    emulator: facts.emulator,
    rngAddress: pciAddress(0),
    nics: spec.nics.map(({ bridge, hostLink, mac }, index) => ({
      ...{ bridge, hostLink, mac },
      address: pciAddress(nicsFrom + index),
    })),
    disks: disks.map((disk, index) => ({
      ...disk,
      device: diskName(index),
      address: pciAddress(disksFrom + index),
    })),
    consoleLog: spec.consoleLog,
    owner: facts.owner,
  };
}

function directBoot({ kernel }: VmSpec, disks: number): NonNullable<DomainView["kernel"]> {
  const commandLine = disks > MOST_MSI_DISKS ? `${COMMAND_LINE} pci=nomsi` : COMMAND_LINE;
  return { file: kernel.vmlinuz, initramfs: kernel.initramfs, commandLine };
}

function describe(spec: VmSpec, facts: DomainFacts): DomainView["metadata"] {
  return {
    namespace: METADATA_NAMESPACE,
    store: spec.storeTag,
    id: spec.id,
    machineName: spec.name,
    projectId: spec.project.id,
    projectName: spec.project.name,
    startedS: facts.startedS,
  };
}

type Disk = Omit<DiskView, "device" | "address">;

/** Disks and serials of docs/guest.md. */
function listDisks(spec: VmSpec, facts: DomainFacts): Disk[] {
  const readOnly = (serial: string, file: string): Disk => ({ serial, file, format: "raw", writable: false });
  const format = spec.boot ? "qcow2" : "raw";
  const own: Disk[] = [
    { serial: "data", file: spec.dataDisk, format, writable: true },
    readOnly("seed", facts.seedDisk),
  ];
  if (spec.boot) return own;
  return [
    ...own,
    readOnly("tools", spec.tools.path),
    readOnly("modules", spec.kernel.modules),
    ...spec.layers.map((layer, index) => readOnly(`layer${String(index).padStart(3, "0")}`, layer.path)),
  ];
}
