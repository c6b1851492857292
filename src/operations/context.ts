import type { ProviderRegistry } from "../providers/registry.ts";
import type { Layout } from "../system/index.ts";
import type { Reporter } from "./reporter.ts";

/** What every operation is given: the store, the providers, somebody to talk to, and a way to be stopped. */
export interface Context {
  readonly layout: Layout;
  readonly providers: ProviderRegistry;
  readonly reporter: Reporter;
  /** Fires at the first Ctrl-C: undo in order, then fail with `INTERRUPTED`. */
  readonly signal: AbortSignal;
  /** The folder where the search for bothy.yaml begins. */
  readonly cwd: string;
}
