/** The OCI runtime of this host: found by trying, and what `bothy doctor` says of it. */
export { checkHost } from "./check.ts";
export { type Runtime, type RuntimeFinder, runtimeFinder } from "./finder.ts";
