import { readdir } from "node:fs/promises";
import { BothyError, messageOf } from "../../errors.ts";
import { type Layout, readIfExists, statIfExists } from "../../system/index.ts";
import { type Box, canonical } from "../box.ts";
import { digestOfText } from "../digest.ts";
import { normaliseBoxName } from "../name.ts";
import { findWhole } from "../whole.ts";
import { checkDockerfile } from "./check.ts";
import { digestContext } from "./context.ts";
import { type IgnoreRules, readIgnoreRules } from "./ignore.ts";
import { type Dockerfile, parseDockerfile } from "./parse.ts";
import { buildBoxName, type DockerfileSpec, dockerfilePath } from "./spec.ts";

/** How a Dockerfile is built; everything has a default. */
export interface DockerfileOptions {
  /** Name of the box (default: `buildBoxName`). */
  readonly name?: string | undefined;
  /** Builds even when nothing has changed: every step anew, and bases are looked up again. */
  readonly force?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Gets the step that is being done: `STEP 3/7: RUN make`. */
  readonly report?: ((line: string) => void) | undefined;
  /** Gets every line that the build prints. */
  readonly onOutput?: ((line: string) => void) | undefined;
}

/** A build that is about to run. */
export interface Work {
  readonly layout: Layout;
  readonly spec: DockerfileSpec;
  readonly name: string;
  readonly text: string;
  readonly dockerfile: Dockerfile;
  readonly rules: IgnoreRules;
  readonly source: Source;
  readonly options: DockerfileOptions;
}

type Source = Extract<Box["source"], { context: string }>;

/** Raised when the same inputs would give another box. */
const BUILDER_VERSION = 1;

/**
 * Reads everything that decides what a build gives.
 * @throws BothyError `DOCKERFILE_FAILED` for what is missing, unreadable or no Dockerfile; `INTERRUPTED`.
 */
export async function readWork(
  layout: Layout,
  spec: DockerfileSpec,
  options: DockerfileOptions,
): Promise<Work> {
  const name = normaliseBoxName(options.name ?? buildBoxName(spec));
  const path = dockerfilePath(spec);
  const text = await readDockerfile(spec, path);
  const dockerfile = parseDockerfile(path, text);
  checkDockerfile(dockerfile, spec.target);
  const rules = await readIgnoreRules(spec);
  const { args = {}, target } = spec;
  const context = await digestContext(spec.context, rules, options.signal);
  const inputs = digestOfText(canonical({ BUILDER_VERSION, text, context, args, target }));
  const source = {
    context: spec.context,
    dockerfile: path,
    ...(target === undefined ? {} : { target }),
    args,
    inputs,
  };
  return { layout, spec, name, text, dockerfile, rules, source, options };
}

/**
 * What a build would use now, as the `inputs` of its box's source; builds nothing.
 * @throws as `readWork`.
 */
export async function dockerfileInputs(
  layout: Layout,
  spec: DockerfileSpec,
  options: Pick<DockerfileOptions, "signal"> = {},
): Promise<string> {
  return (await readWork(layout, spec, options)).source.inputs;
}

async function readDockerfile(spec: DockerfileSpec, path: string): Promise<string> {
  const { context } = spec;
  if (!(await statIfExists(`${context}/.`))) {
    const why = (await statIfExists(context)) ? "is no folder" : "does not exist";
    throw new BothyError("DOCKERFILE_FAILED", `the build context ${context} ${why}`);
  }
  const text = await readIfExists(path).catch((cause: unknown) => {
    throw new BothyError("DOCKERFILE_FAILED", `cannot read ${path}: ${messageOf(cause)}`, { cause });
  });
  if (text !== undefined) return text;
  const there = (await readdir(context)).filter((name) => /dockerfile|containerfile/i.test(name)).sort();
  const hint = there.length > 0 ? `\`dockerfile: ${there[0]}\` names the one that is there` : `ls ${context}`;
  throw new BothyError("DOCKERFILE_FAILED", `there is no Dockerfile ${path}`, { hints: [hint] });
}

/** The box in the store, when it is whole and made from these inputs. */
export async function findCurrent({ layout, name, source }: Work): Promise<Box | undefined> {
  const box = await findWhole(layout, name);
  return box?.source && "context" in box.source && box.source.inputs === source.inputs ? box : undefined;
}
