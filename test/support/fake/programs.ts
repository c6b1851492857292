import { randomBytes } from "node:crypto";
import { posix } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { FakeMachine } from "./machine.ts";
import type { Io } from "./process.ts";
import { runShell } from "./shell.ts";
import { runTar } from "./tar.ts";

const BUSYBOX = "/.bothy/bin/busybox";
const MAX_CHUNK = 64 * 1024;

type Builtin = (io: Io, machine: FakeMachine) => Promise<number>;

const say =
  (text: (io: Io, machine: FakeMachine) => string): Builtin =>
  async (io, machine) => {
    await io.out(`${text(io, machine)}\n`);
    return 0;
  };

/** The programs of a fake machine by name. */
const PROGRAMS: Readonly<Record<string, Builtin>> = {
  true: async () => 0,
  false: async () => 1,
  echo: say((io) => io.argv.slice(1).join(" ")),
  pwd: say((io) => io.cwd),
  hostname: say((_, machine) => machine.spec.hostname),
  nproc: say((_, machine) => String(machine.processors())),
  uname: say((_, machine) => machine.kernel()),
  id: say((io) => String(io.argv[1] === "-g" ? io.gid : io.uid)),
  ip: say((_, machine) =>
    machine.spec.nics.map((nic, index) => `eth${index} inet ${nic.address}`).join("\n"),
  ),
  df: say((_, machine) => `Filesystem 1K-blocks\noverlay ${machine.diskKiB()} 1 1 1% /`),
  sleep: async (io) => {
    await io.until(delay(Number(io.argv[1]) * 1000, undefined, { ref: false }));
    return 0;
  },
  sync: async () => 0,
  cat,
  head,
  printenv,
  rm: async (io, machine) => (machine.files.remove(absolute(io, io.argv.at(-1) ?? "")) ? 0 : 1),
  sh: async (io, machine) => runShell(io.argv[2] ?? "", io, shellHost(io, machine)),
  tar: async (io, machine) => runTar(io, machine.files),
  test: async (io, machine) => test(io, machine),
};

/** Runs `io.argv` in the machine: 127 when there is no such program, 126 when the file is none. */
export async function runProgram(io: Io, machine: FakeMachine): Promise<number> {
  const argv = io.argv[0] === BUSYBOX ? io.argv.slice(1) : io.argv;
  const name = argv[0] ?? "";
  const program = PROGRAMS[name.replace(/^(?:\/usr)?\/bin\//, "")];
  if (program) return program({ ...io, argv }, machine);
  const isFile = name.includes("/") && machine.read(absolute(io, name)) !== undefined;
  await io.err(`${name}: ${isFile ? "Permission denied" : "not found"}\n`);
  return isFile ? 126 : 127;
}

async function cat(io: Io, machine: FakeMachine): Promise<number> {
  const paths = io.argv.slice(1);
  for (const path of paths) {
    const content = machine.read(absolute(io, path));
    if (!content) {
      await io.err(`cat: ${path}: No such file or directory\n`);
      return 1;
    }
    await inChunks(content, io);
  }
  if (paths.length > 0) return 0;
  const input = io.stdin[Symbol.asyncIterator]();
  for (;;) {
    const { done, value } = await io.until(input.next());
    if (done) return 0;
    await io.out(value as Buffer);
  }
}

async function head(io: Io): Promise<number> {
  const [, , count, path] = io.argv;
  const make = path === "/dev/urandom" ? randomBytes : (size: number) => Buffer.alloc(size);
  for (let left = Number(count); left > 0; left -= MAX_CHUNK) await io.out(make(Math.min(left, MAX_CHUNK)));
  return 0;
}

async function printenv(io: Io): Promise<number> {
  const value = io.env[io.argv[1] ?? ""];
  if (value === undefined) return 1;
  await io.out(`${value}\n`);
  return 0;
}

function test(io: Io, machine: FakeMachine): number {
  const [, flag, path = ""] = io.argv;
  if (flag === "-d") return machine.files.isFolder(absolute(io, path)) ? 0 : 1;
  return machine.read(absolute(io, path)) ? 0 : 1;
}

function shellHost(io: Io, machine: FakeMachine) {
  return {
    run: (child: Io) => runProgram(child, machine),
    readFile: (path: string) => machine.read(absolute(io, path)),
    writeFile: (path: string, content: Buffer) =>
      path !== "/dev/null" && machine.files.write(absolute(io, path), content),
    fork: () => machine.fork(),
  };
}

async function inChunks(content: Buffer, io: Io): Promise<void> {
  for (let at = 0; at < content.length; at += MAX_CHUNK) await io.out(content.subarray(at, at + MAX_CHUNK));
}

function absolute(io: Io, path: string): string {
  return posix.resolve(io.cwd, path);
}
