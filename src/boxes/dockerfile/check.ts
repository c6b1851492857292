import { BothyError } from "../../errors.ts";
import { closest } from "../suggest.ts";
import type { Dockerfile, Instruction } from "./parse.ts";

const KEYWORDS = new Set(
  (
    "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL " +
    "USER VOLUME WORKDIR"
  ).split(" "),
);

/** Where one word is no sentence: `ENV name value`, `COPY file place`. */
const NEEDS_TWO = /^(?:ADD|COPY|ENV|LABEL)$/;

/**
 * Finds what would fail in the middle of a build, all of it at once.
 * @throws BothyError `DOCKERFILE_FAILED` naming the lines.
 */
export function checkDockerfile(dockerfile: Dockerfile, target: string | undefined): void {
  const { path, head, stages } = dockerfile;
  const all = [...head, ...stages.flatMap(({ instructions }) => instructions)];
  const problems = [...all.flatMap(unknownKeyword), ...head.flatMap(beforeFrom), ...all.flatMap(incomplete)];
  if (all.length === 0) problems.push("it has no instructions");
  else if (stages.length === 0) problems.push("it has no FROM");
  if (problems.length > 0) throw invalid(path, problems);
  if (target !== undefined) requireTarget(dockerfile, target);
}

function unknownKeyword({ keyword, line }: Instruction): string[] {
  if (KEYWORDS.has(keyword)) return [];
  const meant = closest(keyword, KEYWORDS);
  return [
    `line ${line}: there is no instruction \`${keyword}\`${meant ? `; did you mean \`${meant}\`?` : ""}`,
  ];
}

function beforeFrom({ keyword, line }: Instruction): string[] {
  if (keyword === "ARG" || !KEYWORDS.has(keyword)) return [];
  return [`line ${line}: \`${keyword}\` stands before the first FROM, where only ARG may`];
}

function incomplete({ keyword, line, rest }: Instruction): string[] {
  if (rest === "" && KEYWORDS.has(keyword)) return [`line ${line}: \`${keyword}\` says nothing`];
  const said = rest.replace(/^(?:--\S+\s+)*/, "");
  if (NEEDS_TWO.test(keyword) && !/[\s=]|^\[/.test(said)) {
    return [`line ${line}: \`${keyword} ${rest}\` says one thing where two belong`];
  }
  if (keyword !== "FROM" || /^(?:--\S+\s+)*\S+(?:\s+AS\s+\S+)?$/i.test(rest)) return [];
  return [`line ${line}: \`FROM ${rest}\` is neither \`FROM IMAGE\` nor \`FROM IMAGE AS NAME\``];
}

/** The name of a stage as it is written there: Docker does not tell capitals apart, buildah does. */
export function targetName({ stages }: Dockerfile, target: string): string | undefined {
  const wanted = target.toLowerCase();
  const found = stages.find(({ name }, index) => name?.toLowerCase() === wanted || String(index) === wanted);
  return found && (found.name ?? target);
}

function requireTarget(dockerfile: Dockerfile, target: string): void {
  if (targetName(dockerfile, target) !== undefined) return;
  const { path, stages } = dockerfile;
  const names = stages.flatMap(({ name }) => name ?? []);
  const meant = closest(target, names);
  throw new BothyError("DOCKERFILE_FAILED", `${path} has no stage \`${target}\``, {
    hints: [
      ...(meant ? [`did you mean \`${meant}\`?`] : []),
      names.length > 0
        ? `its stages are: ${names.join(", ")}`
        : "none of its stages has a name: `FROM IMAGE AS NAME`",
    ],
  });
}

function invalid(path: string, problems: readonly string[]): BothyError {
  const [only, more] = problems;
  if (only !== undefined && more === undefined)
    return new BothyError("DOCKERFILE_FAILED", `${path}: ${only}`);
  const list = problems.map((problem) => `\n  ${problem}`).join("");
  return new BothyError("DOCKERFILE_FAILED", `${path} has ${problems.length} problems:${list}`);
}
