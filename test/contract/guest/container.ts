import { once } from "node:events";
import { lstat, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run, start } from "../../../src/system/index.ts";
import { capture, type Parts, type Running, type Workshop } from "./machine.ts";
import { sshArgv } from "./vm.ts";

/** A network namespace with one veth, whose inner end the seed configures. */
export const CONTAINER_NETWORK = {
  mac: "52:54:00:0b:00:02",
  address: "10.213.77.2/24",
  gateway: "10.213.77.1",
  resolver: "10.213.77.1",
} as const;

const OPTIONS = "userxattr,index=off,metacopy=off,redirect_dir=nofollow,xino=off,nfs_export=off";
/** Docker's set and what init needs for its links: nothing that mounts. */
const CAPABILITIES = [
  ...[
    "CHOWN",
    "DAC_OVERRIDE",
    "FSETID",
    "FOWNER",
    "MKNOD",
    "NET_RAW",
    "SETGID",
    "SETUID",
    "SETFCAP",
    "SETPCAP",
  ],
  ...["NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE", "NET_ADMIN"],
].map((name) => `CAP_${name}`);

/** Starts runc on the parts; the returned value takes everything back. */
export async function startContainer(workshop: Workshop, parts: Parts): Promise<Running> {
  const folder = await mkdtemp(join(workshop.home.folder, "container-"));
  const id = `bothy-guest-${process.pid}-${folder.slice(-6)}`;
  const undo: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true })];
  const dispose = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    await mountRoot(workshop, parts, folder, undo);
    await addNetwork(id, undo);
    await writeFile(join(folder, "config.json"), JSON.stringify(await config(id, folder, parts.seed)));
    const root = ["runc", "--root", join(folder, "runc")];
    const runc = start([...root, "run", "--bundle", folder, "--keep", id], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let console = "";
    for (const stream of [runc.stdout, runc.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        console += chunk.toString();
      });
    }
    const ended = once(runc, "close").then(() => console);
    undo.push(() => run([...root, "delete", "--force", id], { okCodes: [0, 1] }).then(() => ended));
    const client = sshArgv(workshop.key);
    return {
      level: "container",
      ended,
      exec: async (options, argv, input) => {
        await started(root, id);
        return capture([...root, "exec", id, "/.bothy/exec", ...options, "--", ...argv], input);
      },
      ssh: (user, program = "ssh") => [
        ...client(program),
        ...(program === "sftp" ? [] : ["-n"]),
        `${user}@${CONTAINER_NETWORK.address.split("/")[0]}`,
      ],
      stop: async () => {
        await run([...root, "kill", id, "TERM"]);
        return ended;
      },
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** runc takes commands as soon as the container is there; init needs a moment more for what it does. */
async function started(root: readonly string[], id: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const { code, stdout } = await capture([
      ...root,
      "exec",
      id,
      "/.bothy/bin/busybox",
      "cat",
      "/proc/1/task/1/children",
    ]);
    if (code === 0 && stdout.toString().trim() !== "") return; // it supervises: the SSH server is its child
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

type Undo = (() => Promise<unknown>)[];

async function mountRoot(workshop: Workshop, parts: Parts, folder: string, undo: Undo): Promise<void> {
  const mount = async (point: string, ...argv: string[]) => {
    await mkdir(point, { recursive: true });
    await run(["mount", ...argv, point]);
    undo.push(() => run(["umount", point]));
  };
  const lowers = parts.layers.map((_, n) => join(folder, `layer${n}`));
  for (const [n, layer] of parts.layers.entries()) {
    await mount(lowers[n] ?? "", "-t", "erofs", "-o", "ro,loop", layer);
  }
  await mount(join(folder, "tools"), "-t", "erofs", "-o", "ro,loop", workshop.tools.path);
  const data = join(folder, "data");
  await mount(data, "-t", "ext4", "-o", "loop", parts.disk);
  for (const name of ["upper", "work", "volumes"]) await mkdir(join(data, name), { recursive: true });
  const stack = `lowerdir=${lowers.reverse().join(":")},upperdir=${data}/upper,workdir=${data}/work,${OPTIONS}`;
  const root = join(folder, "root");
  await mount(root, "-t", "overlay", "-o", stack, "overlay");
  for (const point of ["proc", "sys", "dev", "run", ".bothy"]) {
    if (await isLink(join(root, point))) await rm(join(root, point));
    await mkdir(join(root, point), { recursive: true });
  }
  await fillVolumes(root, data, join(folder, "tools"), parts.seed);
}

async function isLink(path: string): Promise<boolean> {
  return lstat(path).then(
    (stats) => stats.isSymbolicLink(),
    () => false,
  );
}

/** As a host does it: the machine's own tools, in a chroot of its root. */
async function fillVolumes(root: string, data: string, tools: string, seed: string): Promise<void> {
  const script = `mount -t tmpfs tmpfs "$1/run" && mkdir "$1/run/data" "$1/run/seed" &&
    mount --bind "$2" "$1/run/data" && mount --bind "$4" "$1/run/seed" && mount --bind "$3" "$1/.bothy" &&
    chroot "$1" /.bothy/volumes /run/data /run/seed`;
  await run(["unshare", "--mount", "sh", "-c", script, "sh", root, data, tools, seed]);
}

async function addNetwork(id: string, undo: Undo): Promise<void> {
  const link = `bog${process.pid}`;
  await run(["ip", "netns", "add", id]);
  undo.push(() => run(["ip", "netns", "delete", id]));
  const peer = ["peer", "name", "eth7", "netns", id, "address", CONTAINER_NETWORK.mac];
  await run(["ip", "link", "add", link, "type", "veth", ...peer]);
  undo.push(() => run(["ip", "link", "delete", link], { okCodes: [0, 1] }));
  await run(["ip", "address", "add", `${CONTAINER_NETWORK.gateway}/24`, "dev", link]);
  await run(["ip", "link", "set", link, "up"]);
}

async function config(id: string, folder: string, seed: string): Promise<object> {
  const bind = (destination: string, source: string, ...more: string[]) => ({
    ...{ destination, type: "bind", source, options: ["bind", ...more] },
  });
  const lines = await readFile(join(seed, "volumes"), "utf8").catch(() => "");
  const volumes = lines.split("\n").filter(Boolean);
  const kinds = ["pid", "ipc", "uts", "mount", "cgroup"].map((type) => ({ type }));
  return {
    ociVersion: "1.0.2",
    process: {
      ...{
        terminal: false,
        user: { uid: 0, gid: 0 },
        args: ["/.bothy/init"],
        env: ["container=oci"],
        cwd: "/",
      },
      capabilities: { bounding: CAPABILITIES, effective: CAPABILITIES, permitted: CAPABILITIES },
    },
    root: { path: join(folder, "root") },
    hostname: "web",
    mounts: [
      { destination: "/proc", type: "proc", source: "proc" },
      { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755"] },
      {
        destination: "/dev/pts",
        type: "devpts",
        source: "devpts",
        options: ["newinstance", "ptmxmode=0666"],
      },
      { destination: "/sys", type: "sysfs", source: "sysfs", options: ["ro", "nosuid"] },
      { destination: "/run", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755"] },
      bind("/run/bothy/seed", seed, "ro"),
      bind("/.bothy", join(folder, "tools"), "ro"),
      ...volumes.map((line) => {
        const [name = "", path = ""] = line.split(" ");
        return bind(path, join(folder, "data/volumes", name));
      }),
    ],
    linux: { namespaces: [...kinds, { type: "network", path: `/run/netns/${id}` }] },
  };
}
