import { errorCodeName } from "./error-code.ts";

/** The fields of an error reply; `virNetMessageError` in src/rpc/virnetprotocol.x, libvirt 9.0. */
export interface LibvirtErrorFields {
  /** Compare with `ErrorCode`. */
  readonly code: number;
  /** Which part of libvirt failed (`virErrorDomain`: 10 QEMU driver, 13 remote, 18 storage ...). */
  readonly domain: number;
  /** 1 warning, 2 error. */
  readonly level: number;
  readonly message: string | null;
  readonly str1: string | null;
  readonly str2: string | null;
  readonly str3: string | null;
  readonly int1: number;
  readonly int2: number;
}

/** The server answered a call or a stream with an error. The connection stays usable. */
export class LibvirtError extends Error {
  override readonly name = "LibvirtError";
  readonly code: number;
  /** The code's name, e.g. `NO_DOMAIN`. */
  readonly codeName: string;
  readonly domain: number;
  readonly level: number;
  /** The procedure that failed, e.g. `DOMAIN_LOOKUP_BY_NAME`. */
  readonly procedure: string;
  readonly str1: string | null;
  readonly str2: string | null;
  readonly str3: string | null;
  readonly int1: number;
  readonly int2: number;

  constructor(procedure: string, fields: LibvirtErrorFields) {
    const codeName = errorCodeName(fields.code);
    super(fields.message ?? codeName);
    this.code = fields.code;
    this.codeName = codeName;
    this.domain = fields.domain;
    this.level = fields.level;
    this.procedure = procedure;
    this.str1 = fields.str1;
    this.str2 = fields.str2;
    this.str3 = fields.str3;
    this.int1 = fields.int1;
    this.int2 = fields.int2;
  }
}
