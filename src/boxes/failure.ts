import { BothyError } from "../errors.ts";
import { CommandError, explainFullDisk, type Layout } from "../system/index.ts";

/** What the failure of a build means to whoever asked for it. */
export async function explainBuildFailure(
  error: unknown,
  name: string,
  layout: Layout,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  if (signal?.aborted) {
    return new BothyError("INTERRUPTED", `building \`${name}\` was interrupted; nothing of it was kept`, {
      hints: [`bothy box build ${name}`],
      cause: error,
    });
  }
  const explained = await explainFullDisk(error, layout.layers());
  if (!(explained instanceof CommandError)) return explained;
  return new BothyError("BOX_BUILD_FAILED", `building \`${name}\` failed: ${lastWords(explained)}`, {
    hints: ["nothing of it was kept", `bothy box build ${name} --debug`],
    cause: explained,
  });
}

/** What the program itself calls the error, with what it said just before. */
function lastWords(error: CommandError): string {
  const lines = error.result.stderr
    .trim()
    .split("\n")
    .filter((line) => !line.startsWith("I: main()"));
  return lines.slice(-8).join("\n") || error.message;
}
