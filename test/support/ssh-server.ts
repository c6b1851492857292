import type { ChildProcess } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { resolvePackages, unpackPackages } from "../../src/boxes/packages.ts";
import type { OpenSshTarget } from "../../src/connections/index.ts";
import { ensureKeys } from "../../src/machines/index.ts";
import { baseEnvironment, run, start, waitFor } from "../../src/system/index.ts";
import type { TempHome } from "./temp-home.ts";

const PACKAGES = ["dropbear-bin", "libtomcrypt1", "libtommath1", "libgmp10"];

/** A real SSH server on loopback that lets root in with our key. */
export interface SshServer extends AsyncDisposable {
  readonly target: OpenSshTarget;
  /** Kills every connection's process, as if the machine had died. */
  dropConnections(): void;
}

/** Starts Dropbear, the host's or the package's, in a mount namespace where root's home is the test's. */
export async function sshServer(home: TempHome): Promise<SshServer> {
  const [keyFolder, rootHome] = [await home.sub("my 100% keys"), await home.sub("root")];
  const { dropbear, convert, env } = await findDropbear(home);
  const keys = await ensureKeys(keyFolder, "0123456789ab");
  const hostKey = join(home.folder, "host_key");
  await run([convert, "openssh", "dropbear", join(keyFolder, "ssh_host_ed25519_key"), hostKey], { env });
  await mkdir(join(rootHome, ".ssh"), { mode: 0o700 });
  await writeFile(join(rootHome, ".ssh/authorized_keys"), `${keys.authorizedKey}\n`);
  await chmod(rootHome, 0o700);
  const port = await freePort();
  const script = 'mount --bind "$1" /root && shift && exec "$@"';
  const server = [dropbear, "-F", "-E", "-s", "-j", "-k", "-r", hostKey, "-p", `127.0.0.1:${port}`];
  const child = start(["unshare", "-m", "sh", "-c", script, "sh", rootHome, ...server], {
    stdio: ["ignore", "ignore", "ignore"],
    env: { ...baseEnvironment(), ...env },
  });
  await listening(port);
  return {
    target: {
      ...{
        host: "127.0.0.1",
        port,
        user: "root",
        identityFile: keys.identityFile,
        hostKey: keys.hostKeyPublic,
      },
      ...{ alias: "web.shop.internal", folder: keyFolder },
    },
    dropConnections: () => endAll(childrenOf(child)),
    [Symbol.asyncDispose]: async () => {
      endAll(childrenOf(child));
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await ended;
    },
  };
}

async function findDropbear(home: TempHome) {
  const [dropbear, convert] = ["/usr/sbin/dropbear", "/usr/lib/dropbear/dropbearconvert"];
  if (existsSync(dropbear)) return { dropbear, convert, env: {} };
  const folder = await home.sub("packages");
  await unpackPackages(await resolvePackages(PACKAGES), folder);
  const trees = readdirSync(folder).map((name) => join(folder, name));
  const libraries = trees.map((tree) => join(tree, "usr/lib/x86_64-linux-gnu"));
  const find = (path: string) => trees.map((tree) => join(tree, path)).find(existsSync) ?? path;
  return { dropbear: find(dropbear), convert: find(convert), env: { LD_LIBRARY_PATH: libraries.join(":") } };
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" ? (address?.port ?? 0) : 0));
    });
  });
}

async function listening(port: number): Promise<void> {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const attempt = async () =>
    readFileSync("/proc/net/tcp", "utf8").includes(`0100007F:${hex} 00000000:0000 0A`) || undefined;
  await waitFor({ title: `an SSH server on port ${port}`, attempt }, { timeoutMs: 5000, intervalMs: 20 });
}

function childrenOf(child: ChildProcess): number[] {
  const file = `/proc/${child.pid}/task/${child.pid}/children`;
  return existsSync(file) ? readFileSync(file, "utf8").trim().split(" ").filter(Boolean).map(Number) : [];
}

function endAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // ended by itself
    }
  }
}
