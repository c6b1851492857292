import { type FileHandle, open } from "node:fs/promises";
import { diskFull } from "../../../system/index.ts";
import { BLOCK } from "./image.ts";

const BUFFER_BYTES = 2 << 20;
const ZEROS = Buffer.alloc(1 << 16);

/** Nothing to wait for where a buffer took the bytes: a promise for each of a hundred thousand files is a lot of memory. */
type Soon = Promise<void> | undefined;

/**
 * A file that grows at its end, with room left in it for what is known later. One buffer is filled while the other is
 * written.
 */
export class Output implements AsyncDisposable {
  readonly #path: string;
  readonly #file: FileHandle;
  #filled = Buffer.allocUnsafe(BUFFER_BYTES);
  #other = Buffer.allocUnsafe(BUFFER_BYTES);
  #fill = 0;
  /** Where in the file the buffer begins. */
  #start = 0;
  #writing: Promise<void> = Promise.resolve();

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  /** A new, empty file. */
  static async create(path: string): Promise<Output> {
    return new Output(path, await open(path, "wx+", 0o600));
  }

  get end(): number {
    return this.#start + this.#fill;
  }

  /** Copies the bytes to the end. */
  append(bytes: Buffer): Soon {
    if (this.#fill + bytes.length >= BUFFER_BYTES) return this.#appendLong(bytes);
    this.#fill += bytes.copy(this.#filled, this.#fill);
    return undefined;
  }

  async appendZeros(count: number): Promise<void> {
    for (let left = count; left > 0; left -= ZEROS.length) await this.append(ZEROS.subarray(0, left));
  }

  /** Zeros up to the next block's start. */
  async align(): Promise<void> {
    await this.appendZeros((BLOCK - (this.end % BLOCK)) % BLOCK);
  }

  /** Writes over what is there already. */
  put(position: number, bytes: Buffer): Soon {
    const inFile = Math.max(0, Math.min(bytes.length, this.#start - position));
    if (inFile < bytes.length) bytes.copy(this.#filled, position + inFile - this.#start, inFile);
    return inFile > 0 ? this.#putInFile(position, bytes.subarray(0, inFile)) : undefined;
  }

  /** Everything is on disk. */
  async sync(): Promise<void> {
    await this.#flush();
    await this.#writing;
    await this.#file.sync();
  }

  /** For what is written over at the very end, after `sync`. */
  get handle(): FileHandle {
    return this.#file;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing.catch(() => {});
    await this.#file.close();
  }

  async #appendLong(bytes: Buffer): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const copied = bytes.copy(this.#filled, this.#fill, done);
      done += copied;
      this.#fill += copied;
      if (this.#fill === BUFFER_BYTES) await this.#flush();
    }
  }

  async #putInFile(position: number, bytes: Buffer): Promise<void> {
    await this.#writing;
    await this.#write(bytes, position);
  }

  async #flush(): Promise<void> {
    await this.#writing;
    this.#writing = this.#write(this.#filled.subarray(0, this.#fill), this.#start);
    this.#writing.catch(() => {}); // whoever waits for it is told
    this.#start += this.#fill;
    this.#fill = 0;
    [this.#filled, this.#other] = [this.#other, this.#filled];
  }

  async #write(bytes: Buffer, position: number): Promise<void> {
    try {
      for (let done = 0; done < bytes.length; ) {
        done += (await this.#file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
      }
    } catch (error) {
      throw diskFull(error, this.#path);
    }
  }
}
