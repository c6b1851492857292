import { ProtocolError } from "../errors/index.ts";
import { Limits } from "../protocol/index.ts";

const LENGTH_BYTES = 4;
/** What a partial message gets before more of it has arrived. */
const INITIAL_BYTES = 64 * 1024;

/**
 * Cuts a byte stream into messages, however it is chunked.
 *
 * A message that lies in one chunk is not copied; one that is spread over chunks is copied once
 * into a buffer that grows with what has arrived, so a length alone costs no memory.
 */
export class FrameReader {
  readonly #length = Buffer.alloc(LENGTH_BYTES);
  #lengthBytes = 0;
  /** Bytes in the current message, without the length word. */
  #size = 0;
  #partial: Buffer | undefined;
  #filled = 0;
  #failure: ProtocolError | undefined;

  /**
   * The messages that this chunk completes, without their length words. Throws `ProtocolError` at a
   * length out of range, and for ever after: where the next message would start is unknown.
   */
  *push(chunk: Buffer): Generator<Buffer, void, undefined> {
    if (this.#failure) throw this.#failure;
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#lengthBytes < LENGTH_BYTES) {
        rest = this.#readLength(rest);
        continue;
      }
      const taken = Math.min(this.#size - this.#filled, rest.length);
      const piece = rest.subarray(0, taken);
      rest = rest.subarray(taken);
      const frame = this.#collect(piece);
      if (frame) yield frame;
    }
  }

  #readLength(bytes: Buffer): Buffer {
    const taken = bytes.copy(this.#length, this.#lengthBytes);
    this.#lengthBytes += taken;
    if (this.#lengthBytes === LENGTH_BYTES) {
      const total = this.#length.readUInt32BE(0);
      this.#size = total - LENGTH_BYTES;
      if (this.#size < Limits.HEADER_BYTES || this.#size > Limits.MESSAGE_BYTES) {
        this.#failure = new ProtocolError(`message length ${total} is out of range`);
        throw this.#failure;
      }
    }
    return bytes.subarray(taken);
  }

  /** Adds bytes of the current message; returns it when it is complete. */
  #collect(piece: Buffer): Buffer | undefined {
    if (this.#filled === 0 && piece.length === this.#size) return this.#finish(piece);
    const partial = this.#reserve(this.#filled + piece.length);
    partial.set(piece, this.#filled);
    this.#filled += piece.length;
    return this.#filled === this.#size ? this.#finish(partial.subarray(0, this.#size)) : undefined;
  }

  #reserve(needed: number): Buffer {
    const current = this.#partial ?? Buffer.alloc(0);
    if (current.length >= needed) return current;
    const larger = Buffer.allocUnsafe(
      Math.min(this.#size, Math.max(needed, current.length * 2, INITIAL_BYTES)),
    );
    larger.set(current.subarray(0, this.#filled));
    this.#partial = larger;
    return larger;
  }

  #finish(frame: Buffer): Buffer {
    this.#lengthBytes = 0;
    this.#filled = 0;
    this.#partial = undefined;
    return frame;
  }
}
