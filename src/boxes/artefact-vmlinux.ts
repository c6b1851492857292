/** Fields of the x86 boot protocol's header (Documentation/arch/x86/boot.rst). */
const HEADER = { sectors: 0x1f1, magic: 0x202, payloadOffset: 0x248, payloadLength: 0x24c } as const;
const LZ4_LEGACY = 0x184c2102;
const BLOCK = 8 << 20;
const ELF = 0x464c457f;

/**
 * The kernel inside a bzImage, when it is one that QEMU can start at once (an ELF file with a PVH entry, packed with
 * LZ4), else `undefined`. Without the kernel unpacking itself an emulated machine starts half a second earlier.
 */
export function unpackKernel(image: Buffer): Buffer | undefined {
  if (image.readUInt32LE(HEADER.magic) !== 0x53726448) return undefined;
  const start = (image.readUInt8(HEADER.sectors) + 1) * 512 + image.readUInt32LE(HEADER.payloadOffset);
  const payload = image.subarray(start, start + image.readUInt32LE(HEADER.payloadLength));
  if (payload.readUInt32LE(0) !== LZ4_LEGACY) return undefined;
  const size = payload.readUInt32LE(payload.length - 4); // the kernel's build appends it
  const kernel = unpackFrame(payload.subarray(4, -4), size);
  return kernel?.readUInt32LE(0) === ELF && hasPvhEntry(kernel) ? kernel : undefined;
}

/** Blocks of a length and that many bytes, each 8 MiB when unpacked but the last. */
function unpackFrame(frame: Buffer, size: number): Buffer | undefined {
  const out = Buffer.allocUnsafe(size);
  let at = 0;
  for (let from = 0; from + 4 <= frame.length && at < size; ) {
    const length = frame.readUInt32LE(from);
    const end = unpackBlock(frame.subarray(from + 4, from + 4 + length), out, at);
    if (end > at + BLOCK) return undefined;
    at = end;
    from += 4 + length;
  }
  return at === size ? out : undefined;
}

/** One LZ4 block: literals and copies of what came before; returns where the output ends. */
function unpackBlock(block: Buffer, out: Buffer, start: number): number {
  let at = start;
  let from = 0;
  const extend = (length: number): number => {
    if (length !== 15) return length;
    let total = 15;
    for (let more = 255; more === 255; ) {
      more = block[from++] ?? 0;
      total += more;
    }
    return total;
  };
  while (from < block.length) {
    const token = block[from++] ?? 0;
    const literals = extend(token >> 4);
    block.copy(out, at, from, from + literals);
    at += literals;
    from += literals;
    if (from >= block.length) break;
    const distance = block.readUInt16LE(from);
    from += 2;
    const end = at + extend(token & 15) + 4;
    if (distance >= end - at) {
      out.copyWithin(at, at - distance, end - distance);
      at = end;
    }
    for (; at < end; at++) out[at] = out[at - distance] ?? 0; // overlapping: it repeats what it writes
  }
  return at;
}

/** Whether there is an ELF note XEN_ELFNOTE_PHYS32_ENTRY (18), which QEMU starts at. */
function hasPvhEntry(kernel: Buffer): boolean {
  const note = (size: number) => Buffer.from([4, 0, 0, 0, size, 0, 0, 0, 18, 0, 0, 0, 0x58, 0x65, 0x6e, 0]);
  return kernel.includes(note(4)) || kernel.includes(note(8));
}
