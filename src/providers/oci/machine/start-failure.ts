import { BothyError, type ErrorCode } from "../../../errors.ts";
import { plainLine } from "../../../system/index.ts";
import type { RunSpec } from "../../provider.ts";

/** What the mount script (its stderr) and conmon (its report) said. */
export interface StartWords {
  readonly said: string;
  readonly monitor?: string | undefined;
}

const LAST_LINES = 5;

interface Step {
  readonly code: ErrorCode;
  readonly what: (spec: RunSpec) => string;
  readonly hints?: (spec: RunSpec) => readonly string[];
}

/** What failed at each step of templates/oci/start.sh. */
const STEPS: Readonly<Record<string, Step>> = {
  namespace: {
    code: "KERNEL_FEATURE",
    what: () => "no mount namespace could be made for it",
    hints: () => ["bothy needs CAP_SYS_ADMIN: in a container, run that one privileged"],
  },
  check: {
    code: "DISK_DAMAGED",
    what: (spec) => `the file system on ${spec.dataDisk} has errors that need a decision`,
    hints: (spec) => [`e2fsck -f ${spec.dataDisk}`],
  },
  disk: { code: "DISK_DAMAGED", what: (spec) => `the data disk ${spec.dataDisk} cannot be mounted` },
  folders: { code: "DISK_DAMAGED", what: (spec) => `the data disk ${spec.dataDisk} is not as we made it` },
  root: { code: "KERNEL_FEATURE", what: () => "its layers and its data disk cannot be stacked" },
  volumes: { code: "START_FAILED", what: () => "a volume could not be filled with what the image has" },
  runtime: { code: "START_FAILED", what: () => "the container could not be created" },
};

/** The error for a start that the script or the monitor ended, by the step that it had reached. */
export function startFailure(spec: RunSpec, words: StartWords): BothyError {
  const steps = words.said.split(/^STEP (\w+)\n/m);
  const name = steps.length > 1 ? (steps.at(-2) ?? "") : "namespace";
  const step = STEPS[name] ?? STEPS["runtime"];
  if (!step) throw new Error("no such step");
  const why = (words.monitor ?? steps.at(-1) ?? "").trim();
  const message = `machine '${spec.name}' was not started: ${step.what(spec)}`;
  return new BothyError(step.code, why ? `${message}: ${why}` : message, { hints: step.hints?.(spec) });
}

/** The end of a console's log, as plain text: the machine decides what is in there. */
export function lastWords(log: string): string {
  const lines = log.split("\n").map(plainLine);
  return lines
    .filter((line) => line.trim() !== "")
    .slice(-LAST_LINES)
    .join("\n");
}
