import type { Codec, Infer } from "./codec.ts";
import { bool } from "./scalars.ts";
import { XdrError } from "./xdr-error.ts";

type Fields = Readonly<Record<string, Codec<unknown>>>;

/** The values of a structure with these fields. */
export type StructOf<F extends Fields> = { [K in keyof F]: Infer<F[K]> };

/** Fields one after the other, in the order of the literal. */
export function struct<const F extends Fields>(fields: F): Codec<StructOf<F>> {
  const entries = Object.entries(fields);
  return {
    minBytes: entries.reduce((sum, [, codec]) => sum + codec.minBytes, 0),
    encode: (out, value) => {
      for (const [name, codec] of entries) at(name, () => codec.encode(out, value[name]));
    },
    decode: (input) => {
      const pairs = entries.map(([name, codec]) => [name, at(name, () => codec.decode(input))]);
      return Object.fromEntries(pairs) as StructOf<F>;
    },
  };
}

/** A value that may be absent (XDR's `*`); absent is `null`. */
export function option<T>(codec: Codec<T>): Codec<T | null> {
  return {
    minBytes: 4,
    encode: (out, value) => {
      bool.encode(out, value !== null);
      if (value !== null) codec.encode(out, value);
    },
    decode: (input) => (bool.decode(input) ? codec.decode(input) : null),
  };
}

/** At most `max` elements behind a count. */
export function array<T>(codec: Codec<T>, max: number): Codec<T[]> {
  return {
    minBytes: 4,
    encode: (out, values) => {
      if (values.length > max) throw new XdrError(`${values.length} elements, the limit is ${max}`);
      out.uint(values.length);
      for (const [index, value] of values.entries()) at(String(index), () => codec.encode(out, value));
    },
    decode: (input) => {
      const length = input.length(max, codec.minBytes);
      return Array.from({ length }, (_, index) => at(String(index), () => codec.decode(input)));
    },
  };
}

/** A schema whose values look different to TypeScript, e.g. sixteen bytes as a UUID string. */
export function mapped<T, U>(codec: Codec<T>, to: (wire: T) => U, from: (value: U) => T): Codec<U> {
  return {
    minBytes: codec.minBytes,
    encode: (out, value) => codec.encode(out, from(value)),
    decode: (input) => to(codec.decode(input)),
  };
}

function at<T>(field: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw error instanceof XdrError ? error.inside(field) : error;
  }
}
