import { BothyError } from "../errors.ts";
import { run, statIfExists } from "../system/index.ts";

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/**
 * Finds out before the work begins what would fail in the middle of it.
 * @throws BothyError `TOOL_MISSING` naming the package.
 */
export async function requireBuildTools(signal?: AbortSignal): Promise<void> {
  await Promise.all([
    run(["mmdebstrap", "--version"], { signal }),
    run(["mkfs.erofs", "--help"], { signal, okCodes: [0, 1] }),
  ]);
  if (await statIfExists(KEYRING)) return;
  throw new BothyError("TOOL_MISSING", `the keys of Debian's archive (${KEYRING}) are not on this host`, {
    hints: ["apt-get install debian-archive-keyring"],
  });
}
