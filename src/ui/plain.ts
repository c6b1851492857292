import type { Outcome, Reporter, Task } from "../operations/reporter.ts";

/** Lines without colour or movement, for pipes and CI: one when a task begins to do something, one when it ends. */
export function plainReporter(write: (line: string) => void): Reporter {
  return {
    tasks: (tasks, options) => runLimited(tasks, options?.parallel, (task) => runPlain(task, write)),
    warn: (line) => write(`warning: ${line}`),
    info: (line) => write(line),
  };
}

/** Says nothing; for `--quiet` and `--json`. Warnings still go to `warn`. */
export function silentReporter(warn: (line: string) => void = () => {}): Reporter {
  return {
    tasks: (tasks, options) =>
      runLimited(tasks, options?.parallel, (task) => task.run({ report: () => {}, title: () => {} })),
    warn: (line) => warn(`warning: ${line}`),
    info: () => {},
  };
}

/** Runs tasks side by side, at most `parallel` at once; outcomes in the order of the tasks. */
export async function runLimited<T>(
  tasks: readonly Task<T>[],
  parallel: number | undefined,
  run: (task: Task<T>) => Promise<T>,
): Promise<Outcome<T>[]> {
  const outcomes: Outcome<T>[] = new Array(tasks.length);
  const queue = tasks.entries();
  const worker = async () => {
    for (const [index, task] of queue) {
      outcomes[index] = await run(task).then(
        (value) => ({ ok: true, value }) as const,
        (error) => ({ ok: false, error }) as const,
      );
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel ?? tasks.length, tasks.length) }, worker));
  return outcomes;
}

async function runPlain<T>(task: Task<T>, write: (line: string) => void): Promise<T> {
  let title = task.title;
  let last = "";
  try {
    const value = await task.run({
      report: (line) => {
        if (line !== last) write(`${task.title}: ${line}`);
        last = line;
      },
      title: (text) => (title = text),
    });
    write(title === task.title ? `${title}: done` : title);
    return value;
  } catch (error) {
    write(`${task.title}: failed`);
    throw error;
  }
}
