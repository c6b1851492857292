import { join } from "node:path";
import { BothyError } from "../errors.ts";
import { readIfExists, run, writeFileAtomic } from "../system/index.ts";

const SCAN_TIMEOUT_S = "10";

/**
 * The SSH host key of a machine that made its own: learnt at first sight, on the project's own bridge, and the only one
 * that is accepted from then on. `folder` is that of the machine's keys.
 * @throws BothyError `CONNECT_FAILED` when none is shown.
 */
export async function learnHostKey(folder: string, ip: string): Promise<string> {
  const path = join(folder, "learnt_host_key.pub");
  const known = await readIfExists(path);
  if (known) return known.trim();
  const { stdout } = await run(["ssh-keyscan", "-T", SCAN_TIMEOUT_S, "-t", "ed25519", ip], {
    okCodes: [0, 1],
  });
  const key = /^\S+ (ssh-ed25519 \S+)$/m.exec(stdout)?.[1];
  if (!key) throw new BothyError("CONNECT_FAILED", `the SSH server at ${ip} shows no ed25519 host key`);
  await writeFileAtomic(path, `${key}\n`, 0o600);
  return key;
}
