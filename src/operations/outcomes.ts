import { BothyError, messageOf } from "../errors.ts";
import type { Outcome } from "./reporter.ts";

/**
 * The values of all tasks, or one error for all that failed.
 * One failure is thrown as it is; several become one error with every message and the first one's code.
 */
export function valuesOf<T>(outcomes: readonly Outcome<T>[], names: readonly string[]): T[] {
  const failed = outcomes.flatMap((outcome, index) =>
    outcome.ok ? [] : [{ name: names[index], error: outcome.error }],
  );
  if (failed.length === 1) throw failed[0]?.error;
  if (failed.length > 1) throw combined(failed);
  return outcomes.flatMap((outcome) => (outcome.ok ? [outcome.value] : []));
}

function combined(failed: { name: string | undefined; error: unknown }[]): BothyError {
  const errors = failed.map(({ error }) => error).filter((error) => error instanceof BothyError);
  const lines = failed.map(({ name, error }) => `${name}: ${messageOf(error)}`);
  return new BothyError(errors[0]?.code ?? "FAILED", `${failed.length} of them failed\n${lines.join("\n")}`, {
    hints: [...new Set(errors.flatMap((error) => error.hints))],
    cause: new AggregateError(failed.map(({ error }) => error)),
  });
}
