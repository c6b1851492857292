import { debug } from "./log.ts";

type Undo = { readonly title: string; readonly undo: () => unknown };

/**
 * Undo steps of a creation: run in reverse order unless `commit()` was called.
 * Use with `await using`, and register each undo on the line after its acquisition.
 * An undo that fails is remembered and the others still run.
 */
export class Rollback implements AsyncDisposable {
  #steps: Undo[] = [];
  readonly #onFailure: (title: string, error: unknown) => void;
  /** What could not be undone, in order. */
  readonly failures: { title: string; error: unknown }[] = [];

  /** `onFailure` hears of each step that could not be undone. */
  constructor(onFailure: (title: string, error: unknown) => void = () => {}) {
    this.#onFailure = onFailure;
  }

  /** Registers how to take back what was just acquired. */
  add(title: string, undo: () => unknown): void {
    this.#steps.push({ title, undo });
  }

  /** Disarms: everything acquired so far stays. */
  commit(): void {
    this.#steps = [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const step of this.#steps.splice(0).reverse()) {
      debug(`undo: ${step.title}`);
      try {
        await step.undo();
      } catch (error) {
        this.failures.push({ title: step.title, error });
        debug(`undo failed: ${step.title}: ${error}`);
        this.#onFailure(step.title, error);
      }
    }
  }
}
