import { once } from "node:events";
import { PassThrough, type Readable } from "node:stream";
import type { ExecProcess } from "../../../src/providers/provider.ts";

/** What an emulated program sees of its machine and of its caller. */
export interface Io {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly uid: number;
  readonly gid: number;
  readonly stdin: Readable;
  /** Resolves when the reader has taken enough: back-pressure as a pipe has it. */
  out(chunk: Buffer | string): Promise<void>;
  err(chunk: Buffer | string): Promise<void>;
  /** Waits for something of the program's own; a signal ends the wait and the program. */
  until<T>(promise: Promise<T>): Promise<T>;
  /** What `kill -NAME $$` does; never returns. */
  end(signal: number): Promise<never>;
}

/** An emulated program: its value is the exit code. */
export type Program = (io: Io) => Promise<number>;

type Start = Pick<Io, "argv" | "env" | "cwd" | "uid" | "gid">;

const SIGNALS = { HUP: 1, INT: 2, KILL: 9, TERM: 15 } as const;

/** A program of a fake machine while it runs. */
export class FakeProcess implements ExecProcess {
  readonly stdin = new PassThrough();
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  readonly exitCode: Promise<number>;
  #endBy: (code: number) => void = () => {};
  #lose: (error: unknown) => void = () => {};

  constructor(program: Program, start: Start) {
    const ended = new Promise<number>((resolve, reject) => {
      this.#endBy = resolve;
      this.#lose = reject;
    });
    this.exitCode = this.#run(program, start, ended);
    this.exitCode.catch(() => {}); // the caller may look later
  }

  async kill(signal: keyof typeof SIGNALS): Promise<void> {
    this.#endBy(128 + SIGNALS[signal]);
  }

  /** What happens to it when its machine's backend dies. */
  lose(error: unknown): void {
    this.#lose(error);
  }

  async #run(program: Program, start: Start, ended: Promise<number>): Promise<number> {
    const aborted = ended.then((code) => Promise.reject(new Ended(code)));
    aborted.catch(() => {});
    const until = <T>(promise: Promise<T>): Promise<T> => Promise.race([promise, aborted]);
    const io: Io = {
      ...start,
      stdin: this.stdin,
      out: (chunk) => until(written(this.stdout, chunk)),
      err: (chunk) => until(written(this.stderr, chunk)),
      until,
      end: (signal) => Promise.reject(new Ended(128 + signal)),
    };
    try {
      return await until(program(io));
    } catch (error) {
      if (error instanceof Ended) return error.code;
      throw error;
    } finally {
      this.stdout.end();
      this.stderr.end();
      this.stdin.destroy();
    }
  }
}

/** How a signal unwinds a program. */
class Ended extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`ended with ${code}`);
    this.code = code;
  }
}

async function written(stream: PassThrough, chunk: Buffer | string): Promise<void> {
  if (!stream.write(chunk)) await once(stream, "drain");
}
