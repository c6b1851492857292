import { once } from "node:events";
import { chmod, mkdir, open, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildKernel, buildTools, type Kernel, packTree, type Tools } from "../../../src/boxes/index.ts";
import { layout, Rollback, run, start, waitFor } from "../../../src/system/index.ts";
import { type TempHome, tempHome } from "../../support/temp-home.ts";

/** Where `npm test` builds boxes and artefacts; what is up to date there is used as it is. */
export const store = layout(process.env["BOTHY_TEST_STORE"] ?? "/var/lib/bothy");

/** What both levels of these tests start from. */
export interface Workshop extends AsyncDisposable {
  readonly home: TempHome;
  readonly tools: Tools;
  readonly kernel: Kernel;
  /** A box with busybox and nothing else. */
  readonly minimal: string;
  /** The host's key into machines; `.pub` beside it. */
  readonly key: string;
  readonly hostKey: string;
}

/** What came of a command inside. */
export interface Outcome {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** A running machine of either level. */
export interface Running extends AsyncDisposable {
  readonly level: "vm" | "container";
  /** Runs a command through /.bothy/exec. */
  exec(options: readonly string[], argv: readonly string[], input?: Uint8Array): Promise<Outcome>;
  /** argv of an ssh client for the machine's own SSH server. */
  ssh(user: string, program?: "ssh" | "sftp"): string[];
  /** Asks for the end as the host does, and returns what the console said. */
  stop(): Promise<string>;
  /** Resolves with the console's text when the machine has ended by itself. */
  readonly ended: Promise<string>;
}

/** What a machine is made of. */
export interface Parts {
  readonly layers: readonly string[];
  readonly disk: string;
  readonly seed: string;
}

/** The artefacts, a minimal box and keys; what is written goes to a folder of the test's own. */
export async function workshop(): Promise<Workshop> {
  await using undo = new Rollback();
  const home = await tempHome();
  undo.add("remove the store", () => home[Symbol.asyncDispose]());
  const tools = await buildTools(store);
  const kernel = await buildKernel(store);
  const minimal = join(home.folder, "minimal.erofs");
  await packTree(await minimalTree(await home.sub("minimal")), minimal);
  const key = join(home.folder, "key");
  const hostKey = join(home.folder, "hostkey");
  for (const file of [key, hostKey]) await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file]);
  undo.commit();
  return {
    ...{ home, tools, kernel, minimal, key, hostKey },
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  };
}

/** A data disk as the host makes it. */
export async function dataDisk(path: string): Promise<string> {
  const file = await open(path, "wx");
  await file.truncate(1 << 30);
  await file.close();
  await run(["mkfs.ext4", "-q", "-m0", "-O", "^orphan_file,^metadata_csum_seed", "-E", "nodiscard", path]);
  return path;
}

export const MACHINE_ID = "0123456789abcdef0123456789abcdef";
/** The command channel's port inside. */
export const MANAGEMENT_PORT = "722";

/** What the seed says of a machine's only interface. */
export interface Network {
  readonly mac: string;
  readonly address: string;
  readonly gateway: string;
  readonly resolver: string;
}

/** The seed of these tests' machine; `more` changes facts. */
export async function machineSeed(
  shop: Workshop,
  level: Running["level"],
  { mac, address, gateway, resolver }: Network,
  more: Record<string, string | undefined> = {},
): Promise<string> {
  const text = async (file: string) => (await run(["cat", file])).stdout.trimEnd();
  return seedFolder(join(shop.home.folder, `seed-${level}`), {
    ...{ format: "1", level, hostname: "web", "machine-id": MACHINE_ID, user: "mia" },
    authorized_keys: await text(`${shop.key}.pub`),
    ssh_host_ed25519_key: await text(shop.hostKey),
    "ssh_host_ed25519_key.pub": await text(`${shop.hostKey}.pub`),
    interfaces: `lan0 ${mac} ${address} ${gateway}`,
    "resolv.conf": `nameserver ${resolver}`,
    hosts: "127.0.0.1 localhost\n10.9.8.7 db",
    volumes: "vol /opt/vol\nempty /var/lib/empty",
    management: level === "vm" ? MANAGEMENT_PORT : undefined,
    pids: level === "vm" ? "200" : undefined,
    environment: "GREETING=hello world\nPATH=/opt/bin:/usr/bin:/bin:/usr/sbin:/sbin",
    ...more,
  });
}

/** Writes a seed folder; an undefined fact has no file. */
async function seedFolder(path: string, facts: Record<string, string | undefined>): Promise<string> {
  await rm(path, { recursive: true, force: true });
  await mkdir(path, { mode: 0o700 });
  for (const [name, text] of Object.entries(facts)) {
    if (text !== undefined) await writeFile(join(path, name), `${text}\n`, { mode: 0o600 });
  }
  return path;
}

/** Runs a program with bytes in and bytes out. */
export async function capture(argv: readonly string[], input?: Uint8Array): Promise<Outcome> {
  const child = start(argv, { stdio: ["pipe", "pipe", "pipe"] });
  const stdout: Buffer[] = [];
  let stderr = "";
  child.stdout?.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  child.stdin?.on("error", () => {});
  child.stdin?.end(input);
  const [code] = (await once(child, "close")) as [number | null];
  return { code: code ?? -1, stdout: Buffer.concat(stdout), stderr };
}

/** A root with a volume's content, a dangling link for resolv.conf, and something to delete and to replace. */
async function minimalTree(root: string): Promise<string> {
  for (const folder of ["bin", "sbin", "etc", "opt/vol", "root", "srv/old", "tmp"]) {
    await mkdir(join(root, folder), { recursive: true });
  }
  await run(["cp", "/bin/busybox", join(root, "bin/busybox")]);
  const applets = (await run(["/bin/busybox", "--list"])).stdout.split("\n").filter(Boolean);
  for (const name of applets) if (name !== "busybox") await symlink("/bin/busybox", join(root, "bin", name));
  await writeFile(join(root, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1::/:/bin/false\n");
  await writeFile(join(root, "etc/group"), "root:x:0:\ndaemon:x:1:\nstaff:x:50:mia,daemon\n");
  await run(["ln", "-s", "/nowhere/stub.conf", join(root, "etc/resolv.conf")]);
  await writeFile(join(root, "opt/vol/file"), "from the image\n");
  await run(["chown", "-R", "1:50", join(root, "opt/vol")]);
  await chmod(join(root, "opt/vol"), 0o750);
  await writeFile(join(root, "etc/gone"), "gone\n");
  await writeFile(join(root, "srv/old/file"), "old\n");
  await chmod(join(root, "tmp"), 0o1777);
  return root;
}

/** Until the machine takes logins: commands reach it earlier, while its init is still at work. */
export async function takesLogins(machine: Running): Promise<void> {
  await waitFor(
    {
      title: "the machine to take logins",
      attempt: async () => ((await capture([...machine.ssh("root"), "true"])).code === 0 ? true : undefined),
    },
    { timeoutMs: 60_000, intervalMs: 50 },
  );
}
