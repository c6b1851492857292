/** How operations speak to a person; `ui/` implements it for terminals, plain output, silence and tests. */
export interface Reporter {
  /** Runs tasks side by side, at most `parallel` at once, and shows them; a failed one never stops the others. */
  tasks<T>(tasks: readonly Task<T>[], options?: { parallel?: number | undefined }): Promise<Outcome<T>[]>;
  /** Something worth knowing that is no failure. */
  warn(line: string): void;
  /** A plain remark on what happens. */
  info(line: string): void;
}

/** A piece of work with a name. */
export interface Task<T> {
  readonly title: string;
  run(progress: Progress): Promise<T>;
}

/** What a running task can say of itself. */
export interface Progress {
  /** What it is doing right now, one line. */
  report(line: string): void;
  /** Replaces the title, to say what became of it: "web is up as a container (0.9 s)". */
  title(text: string): void;
}

/** What became of a task; in the order of the tasks. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: unknown };
