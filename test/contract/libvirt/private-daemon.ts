import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 10_000;

/** QEMU as root: an emulator that cannot open what libvirtd can makes every call probe it again. */
const QEMU_CONF = `
user = "root"
group = "root"
security_driver = "none"
stdio_handler = "file"
cgroup_controllers = []
namespaces = []
`;

const LIBVIRTD_CONF = `
auth_unix_rw = "none"
log_outputs = "3:file:/var/log/libvirt/libvirtd.log"
`;

/** The daemon's own pid, among those of its domains. */
const DRIVER_PID_FILE = "driver.pid";

/** Each directory that libvirt writes to, and its private stand-in below the daemon's directory. */
const MOUNTS = {
  "/etc/libvirt": "etc",
  "/run": "run",
  "/var/lib/libvirt": "lib",
  "/var/cache/libvirt": "cache",
  "/var/log/libvirt": "log",
} as const;

/**
 * A libvirtd of our own, in mount and network namespaces of its own; the machine's libvirt and its
 * files are not touched. Disposing it ends its QEMU processes and itself, by pid, and removes its files.
 */
export class PrivateDaemon implements AsyncDisposable {
  readonly directory: string;
  readonly socket: string;
  readonly #process: ChildProcess;
  #exited = false;

  private constructor(directory: string, process: ChildProcess) {
    this.directory = directory;
    this.socket = join(directory, "run/libvirt/libvirt-sock");
    this.#process = process;
    process.once("exit", () => {
      this.#exited = true;
    });
  }

  static async start(): Promise<PrivateDaemon> {
    const directory = await mkdtemp(join(tmpdir(), "bothy-libvirtd-"));
    await prepare(directory);
    const args = ["--mount", "--net", "sh", "-euc", startScript(directory)];
    const daemon = new PrivateDaemon(directory, spawn("unshare", args, { stdio: "ignore" }));
    try {
      await daemon.#waitUntilReady();
      return daemon;
    } catch (error) {
      await daemon[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The daemon's process, whose namespaces `nsenter` can join. */
  get pid(): number {
    const { pid } = this.#process;
    if (pid === undefined) throw new Error("the daemon was not started");
    return pid;
  }

  /** The pids of the domains that the daemon runs. */
  async domainPids(): Promise<number[]> {
    const directory = join(this.directory, "run/libvirt/qemu");
    const entries = await readdir(directory).catch(() => []);
    const files = entries.filter((file) => file.endsWith(".pid") && file !== DRIVER_PID_FILE);
    return Promise.all(files.map(async (file) => Number(await readFile(join(directory, file), "utf8"))));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const pid of await this.domainPids()) kill(pid, "SIGKILL");

    this.#process.kill("SIGTERM");
    const deadline = Date.now() + STOP_TIMEOUT_MS;
    while (!this.#exited && Date.now() < deadline) await sleep(20);

    if (!this.#exited) this.#process.kill("SIGKILL");
    await rm(this.directory, { recursive: true, force: true });
  }

  async #waitUntilReady(): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (!(await answers(this.socket))) {
      if (this.#exited || Date.now() > deadline)
        throw new Error(`libvirtd did not start: ${await this.#log()}`);
      await sleep(50);
    }
  }

  #log(): Promise<string> {
    return readFile(join(this.directory, "log/libvirtd.log"), "utf8").catch(() => "no log");
  }
}

async function prepare(directory: string): Promise<void> {
  for (const name of Object.values(MOUNTS)) await mkdir(join(directory, name));
  for (const name of ["run/libvirt", "run/lock"]) await mkdir(join(directory, name));
  await writeFile(join(directory, "etc/qemu.conf"), QEMU_CONF);
  await writeFile(join(directory, "etc/libvirtd.conf"), LIBVIRTD_CONF);
}

/** `exec` keeps the pid: the child that we spawned becomes the daemon. */
function startScript(directory: string): string {
  const mounts = Object.entries(MOUNTS).map(
    ([target, name]) => `mount --bind '${directory}/${name}' ${target}`,
  );
  const daemon = "exec libvirtd -f /etc/libvirt/libvirtd.conf -p /run/libvirt/libvirtd.pid";
  return ["mount --make-rprivate /", ...mounts, daemon].join("\n");
}

function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(socket, () => {
      probe.destroy();
      resolve(true);
    });
    probe.once("error", () => resolve(false));
  });
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // it ended by itself
  }
}
