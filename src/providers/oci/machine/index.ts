/** One machine's run as a container: started, stopped, asked after. */
export { type MachineFolder, machineFolder, runtimeRoot } from "./folder.ts";
export { freezeMachine } from "./freeze.ts";
export { inspectMachines } from "./inspect.ts";
export { readRecord } from "./record.ts";
export { startMachine } from "./start.ts";
export { stopMachine } from "./stop.ts";
export { openStore, type Store } from "./store.ts";
