/** The debug log: silent until switched on; never on stdout, which is data. */
let sink: ((line: string) => void) | undefined;

/** Sends debug lines to `write` from now on; `undefined` silences them. */
export function setDebugSink(write: ((line: string) => void) | undefined): void {
  sink = write;
}

/** Says something for `--debug`; the text is only built when somebody listens. */
export function debug(text: string | (() => string)): void {
  if (sink) sink(typeof text === "string" ? text : text());
}
