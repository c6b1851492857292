import { DefaultRenderer, Listr, ListrLogger, type ListrTaskWrapper, ProcessOutput } from "listr2";
import type { Outcome, Reporter, Task } from "../operations/reporter.ts";

type Wrapper = Pick<ListrTaskWrapper<unknown, never, never>, "title" | "output">;

/** Listr asks whether stdout is a terminal and else writes lines there; we draw on stderr, and stdout is data. */
class StderrRenderer extends DefaultRenderer {
  static override nonTTY = true;
}

/** A live tree of tasks on a terminal, drawn on stderr. */
export function treeReporter(): Reporter {
  const write = (line: string) => process.stderr.write(`${line}\n`);
  return { tasks: runTree, warn: (line) => write(`warning: ${line}`), info: write };
}

async function runTree<T>(
  tasks: readonly Task<T>[],
  options?: { parallel?: number | undefined },
): Promise<Outcome<T>[]> {
  const outcomes: Outcome<T>[] = new Array(tasks.length);
  const list = new Listr(
    tasks.map((task, index) => ({
      title: task.title,
      task: async (_: unknown, wrapper: unknown) => {
        outcomes[index] = await runInTree(task, wrapper as Wrapper);
        const outcome = outcomes[index];
        if (!outcome.ok) throw outcome.error;
      },
    })),
    {
      concurrent: options?.parallel ?? true,
      exitOnError: false,
      renderer: StderrRenderer,
      registerSignalListeners: false, // the base command handles Ctrl-C: ordered undo first
      rendererOptions: {
        logger: new ListrLogger({ processOutput: new ProcessOutput(process.stderr, process.stderr) }),
        showErrorMessage: false,
        collapseErrors: false,
      },
    },
  );
  await list.run();
  return outcomes;
}

async function runInTree<T>(task: Task<T>, wrapper: Wrapper): Promise<Outcome<T>> {
  try {
    const value = await task.run({
      report: (line) => (wrapper.output = line),
      title: (text) => (wrapper.title = text),
    });
    return { ok: true, value };
  } catch (error) {
    return { ok: false, error };
  }
}
