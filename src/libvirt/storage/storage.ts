import type { Readable, Writable } from "node:stream";
import { Remote, type StoragePoolRef, type StorageVolumeRef } from "../protocol/index.ts";
import type { CallOptions, RpcConnection } from "../rpc/index.ts";
import { XdrError } from "../xdr/index.ts";

/** Which part of a volume; all of it by default. */
export interface TransferOptions extends CallOptions {
  /** Where to start. */
  readonly offsetBytes?: number;
  /** How much; 0 means to the end. */
  readonly lengthBytes?: number;
}

/** Storage calls of one connection; errors as for `Domains`. */
export type Storage = ReturnType<typeof createStorage>;

/** Asks for the list itself, not only for its length. */
const NEED_RESULTS = 1;

/** Storage pools and volumes, and their content as streams. */
export function createStorage(rpc: RpcConnection) {
  return {
    async listPools(flags = 0, options: CallOptions = {}): Promise<StoragePoolRef[]> {
      const args = { needResults: NEED_RESULTS, flags };
      return (await rpc.call(Remote.CONNECT_LIST_ALL_STORAGE_POOLS, args, options)).pools;
    },

    /** Starts a transient pool. */
    async createPool(xml: string, options: CallOptions = {}): Promise<StoragePoolRef> {
      return (await rpc.call(Remote.STORAGE_POOL_CREATE_XML, { xml, flags: 0 }, options)).pool;
    },

    /** Stops a pool; its data stays. */
    destroyPool(pool: StoragePoolRef, options: CallOptions = {}): Promise<void> {
      return rpc.call(Remote.STORAGE_POOL_DESTROY, { pool }, options);
    },

    async createVolume(
      pool: StoragePoolRef,
      xml: string,
      options: CallOptions = {},
    ): Promise<StorageVolumeRef> {
      return (await rpc.call(Remote.STORAGE_VOL_CREATE_XML, { pool, xml, flags: 0 }, options)).vol;
    },

    /** Deletes a volume and its data. */
    deleteVolume(vol: StorageVolumeRef, options: CallOptions = {}): Promise<void> {
      return rpc.call(Remote.STORAGE_VOL_DELETE, { vol, flags: 0 }, options);
    },

    /** Opens a volume for writing; 'finish' means that the server has all data. `destroy()` aborts. */
    async upload(vol: StorageVolumeRef, options: TransferOptions = {}): Promise<Writable> {
      return rpc.openStream(Remote.STORAGE_VOL_UPLOAD, transfer(vol, options), "write", options);
    },

    /** Opens a volume for reading; 'end' means that the server sent all data. `destroy()` aborts. */
    async download(vol: StorageVolumeRef, options: TransferOptions = {}): Promise<Readable> {
      return rpc.openStream(Remote.STORAGE_VOL_DOWNLOAD, transfer(vol, options), "read", options);
    },
  };
}

function transfer(vol: StorageVolumeRef, { offsetBytes = 0, lengthBytes = 0 }: TransferOptions) {
  return { vol, offset: toBigInt(offsetBytes), length: toBigInt(lengthBytes), flags: 0 };
}

/** `BigInt` throws a RangeError of its own for fractions. */
function toBigInt(bytes: number): bigint {
  if (!Number.isSafeInteger(bytes)) throw new XdrError(`${bytes} is not a number of bytes`);
  return BigInt(bytes);
}
