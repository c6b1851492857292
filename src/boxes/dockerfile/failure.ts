import { relative } from "node:path";
import { BothyError, type ErrorCode } from "../../errors.ts";
import { CommandError, diskFull, explainFullDisk, type Layout } from "../../system/index.ts";
import { buildahFolder } from "./buildah.ts";
import type { Dockerfile, Instruction } from "./parse.ts";
import type { StepLog } from "./steps.ts";

/** What is known of a build that failed. */
export interface FailedBuild {
  readonly layout: Layout;
  readonly context: string;
  readonly dockerfile: Dockerfile;
  readonly log: StepLog;
  readonly signal?: AbortSignal | undefined;
}

/** buildah has one exit code for everything that is no program's; its words come from Go's libraries, in English. */
const REGISTRY_WORDS: readonly (readonly [RegExp, ErrorCode])[] = [
  [/no image found in (?:manifest list|image index)/, "PLATFORM_MISSING"],
  [
    /unauthorized|authentication required|access to the resource is denied|status: 40[13]/i,
    "REGISTRY_DENIED",
  ],
  [/manifest unknown|name unknown|repository name not known|not found|status: 404/, "IMAGE_UNKNOWN"],
  [/dial tcp|lookup |timeout|x509|tls: |HTTP response to HTTPS|: EOF|proxyconnect/, "REGISTRY_UNREACHABLE"],
  [/toomanyrequests|unexpected HTTP status|invalid status code|status: \d/, "REGISTRY_FAILED"],
];

/** What the failure of buildah means to whoever wrote the Dockerfile. */
export async function explainDockerfileFailure(error: unknown, build: FailedBuild): Promise<unknown> {
  const { dockerfile, log, layout, signal } = build;
  if (signal?.aborted) {
    return new BothyError(
      "INTERRUPTED",
      `building ${dockerfile.path} was interrupted; steps that were done are kept`,
      {
        cause: error,
      },
    );
  }
  if (!(error instanceof CommandError)) return error;
  const said = log.complaint() ?? error.message;
  const folder = buildahFolder(layout);
  if (/no space left on device/.test(said)) {
    return diskFull(Object.assign(new Error(said), { code: "ENOSPC" }), folder);
  }
  const full = await explainFullDisk(error, folder);
  return full === error ? explain(build, said, error) : full;
}

function explain(build: FailedBuild, said: string, cause: CommandError): BothyError {
  const { dockerfile, log } = build;
  const instruction = locate(build);
  const place = instruction ? `line ${instruction.line} of ${dockerfile.path}` : dockerfile.path;
  const what = `\`${(instruction && firstLine(instruction)) ?? log.step()?.text ?? "the build"}\` (${place})`;
  const image = /creating build container|docker:\/\/|no stage or image found|image not known/.test(said);
  if (image) return explainImage(what, said, cause);
  const why = reasonOf(said, build);
  const status = /exit status (\d+)$/.exec(said)?.[1];
  if (status === undefined) return failed(`${what} failed: ${why}`, hintsFor(said, build), cause);
  const tail = log.tail();
  const shown =
    tail.length > 0 ? `; it said last:\n${tail.map((line) => `  ${line}`).join("\n")}` : " and no output";
  const isFull = tail.some((line) => /no space left on device/i.test(line));
  const hints = isFull ? [`df -h ${buildahFolder(build.layout)}`, "`bothy box prune` frees space"] : [];
  return failed(`${what} failed with exit code ${status}${shown}`, hints, cause);
}

function failed(message: string, hints: readonly string[], cause: unknown): BothyError {
  return new BothyError("DOCKERFILE_FAILED", message, { hints, cause });
}

/** The instruction of the last step, if that is what buildah complains of. */
function locate({ dockerfile, log }: FailedBuild): Instruction | undefined {
  const step = log.step();
  const found = step && dockerfile.stages[step.stage - 1]?.instructions[step.number - 1];
  return found && step.text.toUpperCase().startsWith(found.keyword) ? found : undefined;
}

function firstLine({ keyword, rest }: Instruction): string {
  const text = `${keyword} ${rest}`.replace(/\s+/g, " ");
  return text.length > 100 ? `${text.slice(0, 99)}…` : text;
}

function explainImage(what: string, said: string, cause: CommandError): BothyError {
  const code = REGISTRY_WORDS.find(([words]) => words.test(said))?.[1] ?? "DOCKERFILE_FAILED";
  const why = said
    .replace(/^creating build container: /, "")
    .replace(/^initializing source docker:\/\/\S+: /, "");
  const hints: Partial<Record<ErrorCode, string>> = {
    REGISTRY_DENIED:
      "if it is private: `docker login`, or an entry in Docker's config.json; else look at its name",
    IMAGE_UNKNOWN: "look at its name and tag: they are read as Docker reads them",
    REGISTRY_UNREACHABLE:
      "a base image that was used before is taken from the cache: it is looked up only by `--force`",
  };
  const hint = hints[code];
  return new BothyError(code, `${what} failed: ${why}`, { hints: hint ? [hint] : [], cause });
}

/** buildah's reason without the step, which we name, and with paths as the user knows them. */
function reasonOf(said: string, { context }: FailedBuild): string {
  const reason = said
    .replace(/^building at STEP ".*?": (?=[^"]*$|.*: )/s, "")
    .replace(/ &imagebuilder\.Step.*$/s, "");
  const missing = /copier: stat: "\/?([^"]+)": no such file/.exec(said)?.[1];
  const filtered = /no items matching glob "([^"]+)" copied \((\d+) filtered out/.exec(said)?.[1];
  if (missing !== undefined) return `there is no \`${missing}\` in ${sourceOf(said) ?? context}`;
  if (filtered !== undefined) {
    return `\`${relative(context, filtered)}\` is left out of the context ${context} by its ignore file`;
  }
  return reason;
}

/** Another stage's files lie where only buildah knows. */
function sourceOf(said: string): string | undefined {
  const folder = /checking on sources under "([^"]+)"/.exec(said)?.[1];
  return folder?.includes("/buildah/storage/") ? "that image" : undefined;
}

function hintsFor(said: string, { context }: FailedBuild): string[] {
  if (!/copier: stat/.test(said) || sourceOf(said)) return [];
  return [`paths are relative to the context: ls ${context}`];
}
