import { XdrError } from "./xdr-error.ts";

/**
 * Reads XDR values (RFC 4506, section 4) from one complete message.
 *
 * Every read is checked against the bytes that are left, so a hostile length costs no memory.
 * Padding bytes are skipped unread, as libvirt's own decoder does.
 */
export class XdrDecoder {
  readonly #bytes: Buffer;
  #offset = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  int(): number {
    return this.#bytes.readInt32BE(this.#advance(4));
  }

  uint(): number {
    return this.#bytes.readUInt32BE(this.#advance(4));
  }

  hyper(): bigint {
    return this.#bytes.readBigInt64BE(this.#advance(8));
  }

  uhyper(): bigint {
    return this.#bytes.readBigUInt64BE(this.#advance(8));
  }

  /** A length prefix: at most `max`, with at least `length * unitBytes` bytes behind it. */
  length(max: number, unitBytes: number): number {
    const length = this.uint();
    if (length > max) throw new XdrError(`length ${length} is over the limit of ${max}`);
    if (length * unitBytes > this.remaining) {
      throw new XdrError(`length ${length} does not fit in the ${this.remaining} bytes left`);
    }
    return length;
  }

  /** `length` bytes and their padding; the result shares memory with the message. */
  opaque(length: number): Buffer {
    const start = this.#advance(length);
    this.#advance((4 - (length % 4)) % 4);
    return this.#bytes.subarray(start, start + length);
  }

  /** Refuses bytes after the last value: they mean that the schema is wrong. */
  end(): void {
    if (this.remaining > 0) throw new XdrError(`${this.remaining} bytes after the end of the message`);
  }

  #advance(count: number): number {
    if (count > this.remaining) {
      throw new XdrError(`${count} bytes expected, ${this.remaining} left`);
    }
    const start = this.#offset;
    this.#offset += count;
    return start;
  }
}
