import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { run, shellQuote, start } from "../../../src/system/index.ts";
import {
  capture,
  MANAGEMENT_PORT,
  type Outcome,
  type Parts,
  type Running,
  type Workshop,
} from "./machine.ts";

/** The command line that the libvirt provider uses; `panic` ends a test at once. */
const COMMAND_LINE = "console=ttyS0 quiet loglevel=3 net.ifnames=0 panic=-1";
/** QEMU's user network: the machine's address is fixed by the seed. */
export const VM_NETWORK = {
  mac: "52:54:00:0b:00:01",
  address: "10.0.2.15/24",
  gateway: "10.0.2.2",
  resolver: "10.0.2.3",
} as const;

/** Starts plain QEMU on the parts: no libvirt, emulated, and gone with the returned value. */
export async function startVm(workshop: Workshop, parts: Parts, append = ""): Promise<Running> {
  const folder = await mkdtemp(join(workshop.home.folder, "vm-"));
  const [management, user] = [await freePort(), await freePort()];
  const monitor = join(folder, "monitor");
  const seed = join(folder, "seed.tar");
  await run(["tar", "-C", parts.seed, "-cf", seed, "."]);
  const forwards = `hostfwd=tcp:127.0.0.1:${management}-:${MANAGEMENT_PORT},hostfwd=tcp:127.0.0.1:${user}-:22`;
  const qemu = start(
    [
      ...["qemu-system-x86_64", "-M", "q35", "-accel", "tcg,thread=multi", "-cpu", "max", "-m", "512"],
      ...["-nodefaults", "-no-reboot", "-display", "none", "-serial", "stdio"],
      ...["-monitor", `unix:${monitor},server=on,wait=off`],
      ...["-kernel", workshop.kernel.vmlinuz, "-initrd", workshop.kernel.initramfs],
      ...["-append", `${COMMAND_LINE} ${append}`],
      ...disks(workshop, parts, seed),
      ...["-netdev", `user,id=net,${forwards}`, "-device", "virtio-rng-pci"],
      ...["-device", `virtio-net-pci,netdev=net,mac=${VM_NETWORK.mac},romfile=`],
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let console = "";
  const collect = (chunk: Buffer) => {
    console += chunk.toString();
  };
  qemu.stdout?.on("data", collect);
  qemu.stderr?.on("data", collect);
  const ended = once(qemu, "close").then(() => console);
  const client = sshArgv(workshop.key);
  const command = (line: string) => [...client("ssh"), "-p", `${management}`, "root@127.0.0.1", line];
  return {
    level: "vm",
    ended,
    exec: async (options, argv, input) => {
      await answering(command("true"), ended);
      return capture(command(shellQuote(["/.bothy/exec", ...options, "--", ...argv])), input);
    },
    ssh: (name, program = "ssh") => [
      ...client(program),
      ...[program === "ssh" ? "-p" : "-P", `${user}`, `${name}@127.0.0.1`],
    ],
    stop: async () => {
      connect(monitor).end("system_powerdown\n").resume();
      return await Promise.race([ended, delay(20_000, "the power button had no effect", { ref: false })]);
    },
    [Symbol.asyncDispose]: async () => {
      qemu.kill("SIGKILL");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** argv of a client that trusts anything: the host key has a test of its own. */
export function sshArgv(key: string): (program: "ssh" | "sftp") => string[] {
  const options = ["BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null"];
  return (program) => [
    program,
    "-q",
    "-F",
    "none",
    "-i",
    key,
    ...options.flatMap((option) => ["-o", option]),
  ];
}

function disks(workshop: Workshop, { layers, disk }: Parts, seed: string): string[] {
  const files: [serial: string, file: string, writable: boolean][] = [
    ...layers.map((file, n): [string, string, boolean] => [
      `layer${String(n).padStart(3, "0")}`,
      file,
      false,
    ]),
    ["data", disk, true],
    ["tools", workshop.tools.path, false],
    ["modules", workshop.kernel.modules, false],
    ["seed", seed, false],
  ];
  // backwards: letters follow slots, and nothing may depend on letters
  return files
    .reverse()
    .flatMap(([serial, file, writable], n) => [
      ...["-drive", `if=none,id=${serial},file=${file},format=raw,readonly=${writable ? "off" : "on"}`],
      ...["-device", `virtio-blk-pci,drive=${serial},serial=${serial},addr=3.${n},multifunction=on`],
    ]);
}

/** Waits until the command channel answers; fails when the machine ends before. */
async function answering(argv: readonly string[], ended: Promise<string>): Promise<void> {
  let over: string | undefined;
  void ended.then((console) => {
    over = console;
  });
  for (let attempt = 0; attempt < 300; attempt++) {
    if (over !== undefined) throw new Error(`the machine ended:\n${over}`);
    const outcome: Outcome = await capture(argv);
    if (outcome.code === 0) return;
    await delay(100);
  }
  throw new Error("the command channel does not answer");
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
