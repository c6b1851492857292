import { BothyError } from "../../errors.ts";
import { run } from "../../system/index.ts";

/**
 * What overlayfs keeps for itself in an upper layer. It ties files to the layers below as they were found and means
 * nothing in a lower layer; `opaque` is the one mark that does.
 */
const INTERNAL = ["origin", "impure", "nlink", "uuid", "protattr"];

/** Only files and folders can have them. setfattr fails for those that have not, and goes on; what is left is checked. */
const REMOVE =
  'find "$1" \\( -type f -o -type d \\) -exec setfattr -h -x "user.overlay.$2" -- {} + 2>/dev/null || :';

/** Takes overlayfs's internal attributes off every file and folder of a tree. @throws BothyError `TOOL_MISSING`. */
export async function stripMarks(folder: string, signal?: AbortSignal): Promise<void> {
  for (const name of INTERNAL) await run(["sh", "-c", REMOVE, "sh", folder, name], { signal });
  const pattern = `^user\\.overlay\\.(${INTERNAL.join("|")})$`;
  const look = ["getfattr", "-R", "-P", "-h", "--absolute-names", "-m", pattern, "--", folder];
  const { stdout } = await run(look, { signal });
  if (stdout === "") return;
  throw new BothyError("EXPORT_FAILED", `overlayfs's marks cannot be removed: ${stdout.slice(0, 500)}`);
}
