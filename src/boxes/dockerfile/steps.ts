/** A step as buildah announces it. */
export interface Step {
  /** Of its stage, from 1. */
  readonly stage: number;
  /** In its stage, from 1: FROM is the first. */
  readonly number: number;
  /** The instruction, as far as buildah has expanded it. */
  readonly text: string;
}

/** What buildah's output tells while it comes. */
export interface StepLog {
  /** Takes the next line. */
  add(line: string): void;
  /** The step that is being done. */
  step(): Step | undefined;
  /** The last lines that this step's program printed. */
  tail(): readonly string[];
  /** The images of all steps so far, each by the first `ID_LENGTH` digits of its id. */
  images(): readonly string[];
  /** What buildah says is wrong. */
  complaint(): string | undefined;
}

/** So much of an id does buildah print. */
export const ID_LENGTH = 11;

const TAIL_LINES = 20;
/** A program may leave its last line open: then ours follows on the same line. */
const STEP = /(?:\[(\d+)\/\d+\] )?STEP (\d+)\/\d+: (.*)$/;
const IMAGE = /--> (?:Using cache )?([0-9a-f]{11})[0-9a-f]*$/;
const ERROR = "Error: ";
const OWN_WORDS =
  /^(?:subprocess exited (?:with status|on) |time="|COMMIT|--> )|process exited with error: exec: /;

/** Follows a build by its output; `report` gets each step. */
export function followSteps(report: ((line: string) => void) | undefined): StepLog {
  let step: Step | undefined;
  let complaint: string | undefined;
  let tail: string[] = [];
  const images = new Set<string>();
  const add = (line: string) => {
    const [announced, stage = "1", number = "", text = ""] = STEP.exec(line) ?? [];
    const image = IMAGE.exec(line)?.[1];
    if (announced !== undefined) {
      step = { stage: Number(stage), number: Number(number), text };
      tail = [];
      report?.(announced);
    } else if (image !== undefined) images.add(image);
    else if (!OWN_WORDS.test(line)) tail = [...tail, line].slice(-TAIL_LINES - 1);
    if (line.startsWith(ERROR)) complaint = line.slice(ERROR.length);
  };
  return {
    add,
    step: () => step,
    tail: () => tail.filter((line) => line !== `${ERROR}${complaint}`).slice(-TAIL_LINES),
    images: () => [...images],
    complaint: () => complaint,
  };
}
