import { XdrError } from "./xdr-error.ts";

const INITIAL_BYTES = 256;

/** Writes XDR values (RFC 4506, section 4) into a buffer that grows up to `maxBytes`. */
export class XdrEncoder {
  readonly #maxBytes: number;
  #bytes = Buffer.alloc(INITIAL_BYTES);
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  int(value: number): void {
    checkInteger(value, -0x8000_0000, 0x7fff_ffff);
    const start = this.#grow(4);
    this.#bytes.writeInt32BE(value, start);
  }

  uint(value: number): void {
    checkInteger(value, 0, 0xffff_ffff);
    const start = this.#grow(4);
    this.#bytes.writeUInt32BE(value, start);
  }

  hyper(value: bigint): void {
    checkBigInt(value, BigInt.asIntN(64, value));
    const start = this.#grow(8);
    this.#bytes.writeBigInt64BE(value, start);
  }

  uhyper(value: bigint): void {
    checkBigInt(value, BigInt.asUintN(64, value));
    const start = this.#grow(8);
    this.#bytes.writeBigUInt64BE(value, start);
  }

  /** `bytes` and zero padding up to a multiple of four; no length prefix. */
  opaque(bytes: Uint8Array): void {
    const padded = bytes.length + ((4 - (bytes.length % 4)) % 4);
    const start = this.#grow(padded);
    this.#bytes.set(bytes, start);
    this.#bytes.fill(0, start + bytes.length, start + padded);
  }

  /** What was written so far; valid until the next write. */
  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Makes room and returns where it starts; it may replace `#bytes`, so call it on a line of its own. */
  #grow(count: number): number {
    const start = this.#length;
    const needed = start + count;
    if (needed > this.#maxBytes) throw new XdrError(`message is over the limit of ${this.#maxBytes} bytes`);
    if (needed > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(needed, Math.min(this.#bytes.length * 2, this.#maxBytes)));
      larger.set(this.bytes());
      this.#bytes = larger;
    }
    this.#length = needed;
    return start;
  }
}

function checkInteger(value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new XdrError(`${String(value)} is not an integer from ${min} to ${max}`);
  }
}

function checkBigInt(value: bigint, wrapped: bigint): void {
  if (value !== wrapped) throw new XdrError(`${value} does not fit in 64 bits`);
}
