export { type Codec, decode, encode, type Infer } from "./codec.ts";
export { array, mapped, option, type StructOf, struct } from "./composites.ts";
export { XdrDecoder } from "./decoder.ts";
export { XdrEncoder } from "./encoder.ts";
export { bool, fixedOpaque, hyper, int, nothing, string, uhyper, uint } from "./scalars.ts";
export { XdrError } from "./xdr-error.ts";
