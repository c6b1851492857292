import { release } from "node:os";
import { posix } from "node:path";
import type { ExecRequest, Features, LiveMachine, RunSpec } from "../../../src/providers/provider.ts";
import type { FakeFiles } from "./files.ts";
import { FakeProcess, type Io } from "./process.ts";
import { runProgram } from "./programs.ts";

const PASSWD = [
  "root:x:0:0:root:/root:/bin/sh",
  "bothy:x:1000:1000:bothy:/home/bothy:/bin/sh",
  "nobody:x:65534:65534:nobody:/nonexistent:/bin/sh",
];
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** What the seed of one start says (docs/guest.md), as far as commands can see it. */
export interface FakeSeed {
  readonly resolver: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** A machine that runs in memory. */
export class FakeMachine {
  readonly spec: RunSpec;
  readonly files: FakeFiles;
  readonly startedAt = Date.now();
  state: LiveMachine["state"] = "running";
  reason: string | undefined;
  exitStatus: number | undefined;
  networkIsUp = true;
  readonly #features: Features;
  readonly #seed: FakeSeed;
  readonly #processes = new Set<FakeProcess>();
  #forks = 1;

  constructor(spec: RunSpec, files: FakeFiles, features: Features, seed: FakeSeed) {
    this.spec = spec;
    this.files = files;
    this.#features = features;
    this.#seed = seed;
  }

  /** Runs a command as `/.bothy/exec` does. */
  exec(request: ExecRequest): FakeProcess {
    const account = findAccount(request.user ?? "root");
    const cwd = request.cwd ?? account?.home ?? "/";
    const problem = this.#problem(request, account, cwd);
    const program = async (io: Io) => {
      if (!problem) return runProgram(io, this);
      await io.err(`bothy: ${problem}\n`);
      return 125;
    };
    const process = new FakeProcess(program, {
      argv: request.argv,
      cwd,
      uid: account?.uid ?? 0,
      gid: account?.gid ?? 0,
      env: {
        PATH,
        HOME: account?.home ?? "/",
        USER: account?.name ?? "",
        ...this.#seed.environment,
        ...request.env,
      },
    });
    this.#processes.add(process);
    process.exitCode.catch(() => {}).finally(() => this.#processes.delete(process));
    return process;
  }

  /** Its program comes to its end, and the machine with it. */
  endProgram(status: number): void {
    this.state = "stopped";
    this.exitStatus = status;
    this.reason = `its program ended with exit status ${status}`;
  }

  /** Ends every command: by the machine's stop, or lost with its backend. */
  async endAll(lost?: Error): Promise<void> {
    for (const process of this.#processes) {
      if (lost) process.lose(lost);
      else await process.kill("KILL");
    }
  }

  /** A file as a command sees it: those of the kernel, of the seed, of the disk. */
  read(path: string): Buffer | undefined {
    const { cpus, memoryMiB, nics, pids } = this.spec;
    const virtual: Record<string, string | undefined> = {
      "/proc/meminfo": this.#features.ownKernel ? `MemTotal: ${memoryMiB * 1024} kB\n` : undefined,
      "/sys/fs/cgroup/memory.max": this.#features.ownKernel ? undefined : `${memoryMiB * 1024 * 1024}\n`,
      "/sys/fs/cgroup/cpu.max": this.#features.ownKernel ? undefined : `${cpus * 100_000} 100000\n`,
      "/sys/fs/cgroup/pids.max": `${pids ?? "max"}\n`,
      "/etc/resolv.conf": this.#seed.resolver,
      "/etc/passwd": `${PASSWD.join("\n")}\n`,
      "/sys/class/net/eth0/address": `${nics[0]?.mac}\n`,
    };
    const text = virtual[path];
    return text === undefined ? this.files.read(path) : Buffer.from(text);
  }

  fork(): boolean {
    this.#forks += 1;
    return this.#forks <= (this.spec.pids ?? Number.POSITIVE_INFINITY);
  }

  processors(): number {
    return this.#features.ownKernel ? Math.ceil(this.spec.cpus) : 64;
  }

  kernel(): string {
    return this.#features.ownKernel ? "6.1.0-fake" : release();
  }

  diskKiB(): number {
    return 0.95 * this.files.capacityMiB * 1024;
  }

  #problem(request: ExecRequest, account: Account | undefined, cwd: string): string | undefined {
    if (!account) return `no user '${request.user}' in the machine`;
    if (request.cwd !== undefined && !this.files.isFolder(posix.normalize(cwd))) {
      return `no directory '${cwd}' in the machine`;
    }
    return undefined;
  }
}

interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/** A name, a uid or uid:gid; an id without an entry is no error. */
function findAccount(user: string): Account | undefined {
  const [who = "", group] = user.split(":");
  const entry = PASSWD.map((line) => line.split(":")).find(([name, , uid]) => name === who || uid === who);
  if (!entry && !/^\d+$/.test(who)) return undefined;
  const [name = who, , uid = who, gid = "0", , home = "/"] = entry ?? [];
  return { name, uid: Number(uid), gid: Number(group ?? gid), home };
}
