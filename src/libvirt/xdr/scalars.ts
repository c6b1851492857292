import type { Codec } from "./codec.ts";
import { XdrError } from "./xdr-error.ts";

/** No value, no bytes: the arguments or the result of a procedure that has none. */
export const nothing: Codec<void> = { minBytes: 0, encode() {}, decode() {} };

/** Signed 32 bits; also carries C's `char`, `short` and enumerations. */
export const int: Codec<number> = {
  minBytes: 4,
  encode: (out, value) => out.int(value),
  decode: (input) => input.int(),
};

/** Unsigned 32 bits; also carries C's unsigned `char` and `short`. */
export const uint: Codec<number> = {
  minBytes: 4,
  encode: (out, value) => out.uint(value),
  decode: (input) => input.uint(),
};

/** Signed 64 bits. */
export const hyper: Codec<bigint> = {
  minBytes: 8,
  encode: (out, value) => out.hyper(value),
  decode: (input) => input.hyper(),
};

/** Unsigned 64 bits. */
export const uhyper: Codec<bigint> = {
  minBytes: 8,
  encode: (out, value) => out.uhyper(value),
  decode: (input) => input.uhyper(),
};

/** A 32-bit truth value; anything but 0 and 1 is refused. */
export const bool: Codec<boolean> = {
  minBytes: 4,
  encode: (out, value) => out.uint(value ? 1 : 0),
  decode: (input) => {
    const value = input.uint();
    if (value > 1) throw new XdrError(`${value} is neither 0 nor 1`);
    return value === 1;
  },
};

/** Exactly `length` bytes. */
export function fixedOpaque(length: number): Codec<Uint8Array> {
  return {
    minBytes: length,
    encode: (out, value) => {
      if (value.length !== length) throw new XdrError(`${value.length} bytes where ${length} are needed`);
      out.opaque(value);
    },
    decode: (input) => Uint8Array.from(input.opaque(length)),
  };
}

/**
 * UTF-8 text of at most `maxBytes`. Bytes that are not UTF-8 decode as U+FFFD. Text with a NUL is
 * refused when encoding: the server's C strings would end there.
 */
export function string(maxBytes: number): Codec<string> {
  return {
    minBytes: 4,
    encode: (out, value) => {
      const bytes = Buffer.from(value, "utf8");
      if (bytes.length > maxBytes) throw new XdrError(`text is over the limit of ${maxBytes} bytes`);
      if (bytes.includes(0)) throw new XdrError("text contains a NUL character");
      out.uint(bytes.length);
      out.opaque(bytes);
    },
    decode: (input) => input.opaque(input.length(maxBytes, 1)).toString("utf8"),
  };
}
