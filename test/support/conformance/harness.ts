import { readFile } from "node:fs/promises";
import { buffer, text } from "node:stream/consumers";
import { BothyError } from "../../../src/errors.ts";
import type {
  Connection,
  ExecProcess,
  ExecRequest,
  Provider,
  RunSpec,
} from "../../../src/providers/provider.ts";
import { waitFor } from "../../../src/system/index.ts";
import type { Wish } from "../machine-spec.ts";

/** A provider under test with a host around it. Disposing removes the host's part, not machines. */
export interface Harness extends AsyncDisposable {
  /** The provider as a new process of bothy has it: nothing in memory of what others did. */
  open(): Provider;
  /** The same backend, as another store sees it. */
  elsewhere(): Provider;
  /** A new machine, with disk, keys, seed and network. */
  spec(wish?: Wish): Promise<RunSpec>;
  /** Kills the machine's backend processes with SIGKILL and returns when they are gone. */
  crash(spec: RunSpec): Promise<void>;
  /** Takes the machine's network link down or up, on the host's side. */
  setLink(spec: RunSpec, up: boolean): Promise<void>;
  /** What of machines is left on the host, a line each; with `id` of one only. */
  residue(id?: string): Promise<string[]>;
}

/** One provider and box for the suite. */
export interface Conformance {
  readonly name: string;
  make(): Promise<Harness>;
  /** How long a machine may take until it answers. */
  readonly bootMs: number;
  /** Only what a running machine shows: for further boxes, which change nothing in how machines come and go. */
  readonly onlyRunning?: boolean;
}

/** What came of a command. */
export interface Ran {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** What the suite's parts share: a machine that runs, and a way in. */
export interface Running {
  readonly harness: Harness;
  readonly spec: RunSpec;
  readonly connection: Connection;
}

/** A way into a machine that was just started, once it answers. */
export async function answering(harness: Harness, spec: RunSpec, bootMs: number): Promise<Connection> {
  const attempt = async () => {
    try {
      return await tryConnect(harness.open(), spec);
    } catch (error) {
      if (error instanceof BothyError && error.code === "CONNECT_FAILED") return undefined;
      throw error;
    }
  };
  return waitFor(
    { title: `${spec.name} to answer`, attempt, evidence: () => consoleOf(spec) },
    { timeoutMs: bootMs },
  );
}

/** Runs a command to its end. */
export async function exec(connection: Connection, request: ExecRequest, input?: Buffer): Promise<Ran> {
  return finish(await connection.exec(request), input);
}

/** Runs a command that has to succeed; what it printed. */
export async function output(connection: Connection, ...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await exec(connection, { argv });
  if (code !== 0) throw new Error(`${argv.join(" ")}: exit code ${code}: ${stderr}`);
  return stdout.toString().trim();
}

/** Gives a command its input, reads all that it prints, and waits for its end. */
export async function finish(process: ExecProcess, input?: Buffer): Promise<Ran> {
  process.stdin.on("error", () => {}); // it may end before it has read everything
  if (input) process.stdin.end(input);
  else process.stdin.end();
  const [stdout, stderr, code] = await Promise.all([
    buffer(process.stdout),
    text(process.stderr),
    process.exitCode,
  ]);
  return { code, stdout, stderr };
}

async function tryConnect(provider: Provider, spec: RunSpec): Promise<Connection | undefined> {
  const connection = await provider.connect(spec.id, spec.management);
  const ran = await exec(connection, { argv: ["/.bothy/bin/busybox", "true"] }).catch(() => undefined);
  if (ran?.code === 0) return connection;
  await connection[Symbol.asyncDispose]();
  return undefined;
}

async function consoleOf(spec: RunSpec): Promise<string> {
  return (await readFile(spec.consoleLog, "utf8").catch(() => "")).split("\n").slice(-15).join("\n");
}
