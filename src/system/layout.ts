import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import { environment } from "./environment.ts";

const DEFAULT_HOME = "/var/lib/bothy";
const DEFAULT_RUN = "/run/bothy";

/**
 * Every path of the store and of the running host is built here and nowhere else.
 * `docs/state.md` describes the same tree to users.
 */
export interface Layout {
  /** The store: survives reboots. */
  readonly home: string;
  /** Mounts, sockets, pid files: gone after a reboot. */
  readonly run: string;
  /** Six hex digits that tell this store's links, tables and domains from another store's on the same host. */
  readonly tag: string;
  /** Short-lived files; same file system as the store, so that a rename into it is atomic. */
  temporary(): string;
  lock(name: string): string;
  /** What was learnt about this host (acceleration probe, runtime probe). */
  host(): string;
  boxes(): string;
  box(name: string): string;
  layers(): string;
  layer(digest: string): string;
  /** Which layer was made from which tar: a small file each, named by the tar's digest. */
  layerIndex(): string;
  /** Whole disks of boxes that only boot as VMs. */
  disks(): string;
  disk(digest: string): string;
  /** What is being downloaded, and what was until it is a box. */
  downloads(): string;
  /** Built artefacts that are no boxes: `kernel`, `tools`. */
  artefact(kind: string, digest: string): string;
  artefacts(kind: string): string;
  projects(): string;
  project(id: string): ProjectLayout;
  machines(): string;
  machine(id: string): MachineLayout;
  /** Where a layer is mounted while machines use it. */
  layerMount(digest: string): string;
  layerMounts(): string;
}

/** Files of one project in the store. */
export interface ProjectLayout {
  readonly folder: string;
  readonly state: string;
  readonly network: string;
  /** Configuration, names and pid of the project's dnsmasq; under `run`. */
  readonly names: string;
}

/** Files of one machine. */
export interface MachineLayout {
  readonly folder: string;
  readonly state: string;
  readonly disk: string;
  readonly seed: string;
  readonly keys: string;
  readonly console: string;
  /** The provider's own short-lived files; under `run`. */
  readonly run: string;
}

/** The layout of one store; by default that of `$BOTHY_HOME`. */
export function layout(folder = environment("BOTHY_HOME") ?? DEFAULT_HOME): Layout {
  const home = resolve(folder); // one store has one tag, however its folder is written
  const tag = createHash("sha256").update(home).digest("hex").slice(0, 6);
  const run = resolve(
    environment("BOTHY_RUN") ?? (home === DEFAULT_HOME ? DEFAULT_RUN : join(DEFAULT_RUN, tag)),
  );
  return {
    home,
    run,
    tag,
    temporary: () => join(home, "tmp"),
    lock: (name) => join(home, "locks", name.replaceAll("/", "-")),
    host: () => join(home, "host.json"),
    boxes: () => join(home, "boxes"),
    box: (name) => join(home, "boxes", `${name}.json`),
    layers: () => join(home, "layers"),
    layer: (digest) => join(home, "layers", `${digest}.erofs`),
    layerIndex: () => join(home, "layers", "index"),
    disks: () => join(home, "disks"),
    disk: (digest) => join(home, "disks", `${digest}.qcow2`),
    downloads: () => join(home, "downloads"),
    artefacts: (kind) => join(home, "artefacts", kind),
    artefact: (kind, digest) => join(home, "artefacts", kind, digest),
    projects: () => join(home, "projects"),
    project: (id) => projectLayout(home, run, id),
    machines: () => join(home, "machines"),
    machine: (id) => machineLayout(home, run, id),
    layerMounts: () => join(run, "layers"),
    layerMount: (digest) => join(run, "layers", digest),
  };
}

function projectLayout(home: string, run: string, id: string): ProjectLayout {
  const folder = join(home, "projects", id);
  return {
    folder,
    state: join(folder, "project.json"),
    network: join(folder, "network.json"),
    names: join(run, "names", id),
  };
}

function machineLayout(home: string, run: string, id: string): MachineLayout {
  const folder = join(home, "machines", id);
  return {
    folder,
    state: join(folder, "machine.json"),
    disk: join(folder, "disk.img"),
    seed: join(folder, "seed"),
    keys: join(folder, "keys"),
    console: join(folder, "console.log"),
    run: join(run, "machines", id),
  };
}
