/**
 * Unpacks one LZ4 block (lz4_Block_format.md) until `length` bytes are there; a block may hold more.
 * @throws Error when the data is damaged.
 */
export function unpackLz4(packed: Buffer, length: number): Buffer {
  const out = Buffer.allocUnsafe(length);
  let at = 0;
  let filled = 0;
  const longer = (start: number) => {
    let count = start;
    for (let byte = 255; byte === 255; count += byte) byte = packed[at++] ?? fail();
    return count;
  };
  while (filled < length) {
    const token = packed[at++] ?? fail();
    const literals = token >> 4 === 15 ? longer(15) : token >> 4;
    if (at + literals > packed.length) fail();
    filled += packed.copy(out, filled, at, at + literals);
    at += literals;
    if (filled >= length) break;
    const distance = (packed[at++] ?? fail()) | ((packed[at++] ?? fail()) << 8);
    const matched = ((token & 15) === 15 ? longer(15) : token & 15) + 4;
    filled = repeat(out, filled, distance, Math.min(filled + matched, length));
  }
  return out;
}

/** A match may overlap what it makes. */
function repeat(out: Buffer, filled: number, distance: number, end: number): number {
  if (distance === 0 || distance > filled) fail();
  for (let at = filled; at < end; at++) out[at] = out[at - distance] ?? 0;
  return end;
}

function fail(): never {
  throw new Error("packed data in an EROFS image is damaged");
}
