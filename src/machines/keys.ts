import { createHash } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ensureFolder, run, statIfExists } from "../system/index.ts";

/** A machine's keys, as paths and text. */
export interface MachineKeys {
  /** Private key that logs in, OpenSSH format, 0600. */
  readonly identityFile: string;
  /** The line for authorized_keys. */
  readonly authorizedKey: string;
  /** The machine's own SSH host key: private part and public line. */
  readonly hostKeyPrivate: string;
  readonly hostKeyPublic: string;
}

/**
 * The machine's keys, made at the first call: one pair that logs in, and the SSH host key.
 * Both are ours from the start, so nobody ever trusts a key at first sight. A pair of which a file was lost is made
 * anew; the machine has it from its next start on.
 */
export async function ensureKeys(folder: string, machineId: string): Promise<MachineKeys> {
  const identityFile = join(folder, "id_ed25519");
  const hostKey = join(folder, "ssh_host_ed25519_key");
  await Promise.all([ensurePair(identityFile, `bothy:${machineId}`), ensurePair(hostKey, machineId)]);
  return {
    identityFile,
    authorizedKey: (await readFile(`${identityFile}.pub`, "utf8")).trim(),
    hostKeyPrivate: await readFile(hostKey, "utf8"),
    hostKeyPublic: (await readFile(`${hostKey}.pub`, "utf8")).trim(),
  };
}

/** The fingerprint as `ssh-keygen -l` prints it, of a public key line. */
export function fingerprint(publicKey: string): string {
  const blob = Buffer.from(publicKey.split(" ")[1] ?? "", "base64");
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
}

/**
 * Made by OpenSSH's own tool, which writes the public part last: where both are there, both are whole. (The ssh2
 * library cuts leading zero bytes off ed25519 keys, and so makes one in 256 that nobody can read.)
 */
async function ensurePair(path: string, comment: string): Promise<void> {
  if ((await statIfExists(path)) && (await statIfExists(`${path}.pub`))) return;
  await ensureFolder(dirname(path), 0o700);
  await Promise.all([rm(path, { force: true }), rm(`${path}.pub`, { force: true })]);
  await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path]);
}
