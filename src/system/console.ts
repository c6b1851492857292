/** What a log of conmon's (k8s format) has in front of each line: time, stream, whole or part. */
const LOG_PREFIX = /^\d{4}-\d\d-\d\dT\S+ (?:stdout|stderr) [FP] /;
/** ECMA-48: operating system commands with their text, control sequences, character sets, two-byte escapes. */
const ESCAPES = [
  "\\u001b\\][^\\u0007\\u001b]*(?:\\u0007|\\u001b\\\\)?",
  "\\u001b\\[[0-9;?]*[ -/]*[@-~]",
  "\\u001b[()][A-B0-2]",
  "\\u001b[@-Z\\\\-_]",
];
/** Whatever else would act on a terminal instead of being shown; the tab stays. */
const CONTROLS = "[\\u0000-\\u0008\\u000a-\\u001f\\u007f-\\u009f]";
const UNWANTED = new RegExp([...ESCAPES, CONTROLS].join("|"), "g");

/**
 * A line of a machine's console as plain text: without the log's own prefix and without anything that a terminal would
 * obey. The machine decides what is in there, so it must not reach a terminal as it is.
 */
export function plainLine(line: string): string {
  return line.replace(LOG_PREFIX, "").replace(UNWANTED, "");
}
