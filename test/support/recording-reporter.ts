import type { Outcome, Reporter, Task } from "../../src/operations/reporter.ts";

/** Something that was said to the user. */
export interface Said {
  readonly kind: "warn" | "info" | "report" | "title";
  readonly task?: string;
  readonly line: string;
}

/** A reporter that remembers. */
export interface RecordingReporter extends Reporter {
  readonly said: readonly Said[];
  /** The lines of one kind, in order. */
  lines(kind: Said["kind"]): string[];
}

/** A reporter that runs every task at once and remembers what was said. */
export function recordingReporter(): RecordingReporter {
  const said: Said[] = [];
  return {
    said,
    lines: (kind) => said.filter((one) => one.kind === kind).map((one) => one.line),
    warn: (line) => void said.push({ kind: "warn", line }),
    info: (line) => void said.push({ kind: "info", line }),
    tasks: (tasks) => Promise.all(tasks.map((task) => runRecorded(task, said))),
  };
}

async function runRecorded<T>(task: Task<T>, said: Said[]): Promise<Outcome<T>> {
  const say = (kind: Said["kind"]) => (line: string) => void said.push({ kind, task: task.title, line });
  try {
    return { ok: true, value: await task.run({ report: say("report"), title: say("title") }) };
  } catch (error) {
    return { ok: false, error };
  }
}
