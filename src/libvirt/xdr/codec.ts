import { XdrDecoder } from "./decoder.ts";
import { XdrEncoder } from "./encoder.ts";

/**
 * A schema as a value: how one XDR type is written and read.
 *
 * Both directions throw `XdrError` and nothing else. The TypeScript type comes from the schema:
 * `Infer<typeof schema>`.
 */
export interface Codec<T> {
  /** The fewest bytes that a value takes; it bounds how many elements an array can hold. */
  readonly minBytes: number;
  encode(out: XdrEncoder, value: T): void;
  decode(input: XdrDecoder): T;
}

/** The TypeScript type of a schema's values. */
export type Infer<C> = C extends Codec<infer T> ? T : never;

/** Encodes one whole message of at most `maxBytes`. */
export function encode<T>(codec: Codec<T>, value: T, maxBytes: number): Buffer {
  const out = new XdrEncoder(maxBytes);
  codec.encode(out, value);
  return out.bytes();
}

/** Decodes one whole message; bytes left over are an error. */
export function decode<T>(codec: Codec<T>, bytes: Buffer): T {
  const input = new XdrDecoder(bytes);
  const value = codec.decode(input);
  input.end();
  return value;
}
