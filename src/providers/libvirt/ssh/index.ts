/** The guest's command channel over SSH. */
export { commandLine } from "./command.ts";
export { openConnection } from "./connection.ts";
export { type PinnedHost, terminalCommand } from "./terminal.ts";
