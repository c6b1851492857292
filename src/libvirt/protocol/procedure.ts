import type { Codec } from "../xdr/index.ts";

/** A group of procedures behind one connection; the numbers are those on the wire. */
export const Program = { REMOTE: 0x2000_8086, QEMU: 0x2000_8087, KEEPALIVE: 0x6b65_6570 } as const;

/** Every program that this library speaks is at version 1. */
export const PROGRAM_VERSION = 1;

/** A call that the server answers. */
export interface Procedure<A, R> {
  readonly name: string;
  readonly program: number;
  readonly number: number;
  readonly args: Codec<A>;
  readonly ret: Codec<R>;
}

/** A message that the server sends unasked. */
export interface Message<P> {
  readonly name: string;
  readonly program: number;
  readonly number: number;
  readonly payload: Codec<P>;
}

type Call<A, R> = readonly [number: number, args: Codec<A>, ret: Codec<R>];
type CallTable = Readonly<Record<string, Call<unknown, unknown>>>;
type Procedures<T> = {
  readonly [K in keyof T]: T[K] extends Call<infer A, infer R> ? Procedure<A, R> : never;
};

/** Turns a table of `NAME: [number, args, ret]` into procedures of one program. */
export function procedures<const T extends CallTable>(program: number, table: T): Procedures<T> {
  const entries = Object.entries(table).map(([name, [number, args, ret]]) => {
    return [name, { name, program, number, args, ret }];
  });
  return Object.fromEntries(entries) as Procedures<T>;
}
