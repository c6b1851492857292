import { dirname, join } from "node:path";
import type { Layout } from "../../../system/index.ts";

/** Where everything of one running machine is; all below its own folder under the layout's `run`. */
export interface MachineFolder {
  readonly id: string;
  /** Of all providers; ours is `folder`. */
  readonly parent: string;
  /** The OCI bundle with our files beside it. */
  readonly folder: string;
  readonly record: string;
  readonly config: string;
  /** Mount points, used only inside the machine's mount namespace. */
  readonly data: string;
  readonly root: string;
  /** Links to the mounted layers, named by short numbers. */
  readonly lowers: string;
  readonly initPid: string;
  readonly monitorPid: string;
  /** The monitor writes the exit status here, into a file named by the id. */
  readonly exitStatus: string;
  readonly exitFolder: string;
  /** The monitor leaves this file when the memory limit was met. */
  readonly outOfMemory: string;
  /** Process ids of commands that run inside. */
  readonly commands: string;
  /** From the top of each hierarchy. */
  readonly cgroup: string;
  /** The runtime's own state of this container. */
  readonly runtimeState: string;
  /** In the environment of every process that works for the machine on the host. */
  readonly marker: Readonly<Record<"BOTHY_MACHINE", string>>;
}

/** The folder of a machine, whether it runs or not. */
export function machineFolder(layout: Layout, id: string): MachineFolder {
  const parent = layout.machine(id).run;
  const folder = join(parent, "oci");
  const exitFolder = join(folder, "exit");
  return {
    id,
    parent,
    folder,
    record: join(folder, "machine.json"),
    config: join(folder, "config.json"),
    data: join(folder, "data"),
    root: join(folder, "root"),
    lowers: join(folder, "lowers"),
    initPid: join(folder, "init.pid"),
    monitorPid: join(folder, "monitor.pid"),
    exitFolder,
    exitStatus: join(exitFolder, id),
    outOfMemory: join(folder, "oom"),
    commands: join(folder, "commands"),
    cgroup: join("/", storeCgroup(layout), id),
    runtimeState: join(runtimeRoot(layout), id),
    marker: { BOTHY_MACHINE: folder },
  };
}

/** Where the runtime keeps its state of this store's containers. */
export function runtimeRoot(layout: Layout): string {
  return join(layout.run, "oci");
}

/** The folder with one folder per machine that runs. */
export function machinesFolder(layout: Layout): string {
  return dirname(layout.machine("any").run);
}

/** The cgroup above those of all machines of this store. */
export function storeCgroup(layout: Layout): string {
  return join("/bothy", layout.tag);
}
