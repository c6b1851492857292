import { open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { BothyError } from "../../src/errors.ts";
import type {
  Connection,
  Features,
  Isolation,
  LiveMachine,
  Provider,
  RunContext,
  RunSpec,
} from "../../src/providers/provider.ts";
import { Rollback, readIfExists, shellQuote } from "../../src/system/index.ts";
import { FakeFiles } from "./fake/files.ts";
import { FakeMachine, type FakeSeed } from "./fake/machine.ts";

/** What a start acquires, in order; a test can make each of them fail or hang. */
export const FAKE_STEPS = ["layers", "disk", "network", "process"] as const;

/** One step of a start. */
export type FakeStep = (typeof FAKE_STEPS)[number];

/** How a fake backend is set up. */
export interface FakeOptions {
  readonly isolation?: Isolation;
  readonly features?: Partial<Features>;
  /** The bridges that it knows; without them any will do. */
  readonly bridges?: readonly string[];
}

/** The host of fake machines: what providers of several stores and processes would share. */
export class FakeBackend {
  /** Everything that is held, such as `disk 0123`; empty when no machine runs. */
  readonly resources = new Set<string>();
  /** By store tag and id. */
  readonly machines = new Map<string, FakeMachine>();
  /** What the next starts do at a step. */
  readonly faults = new Map<FakeStep, "fail" | "hang">();
  /** Set: nobody answers, and every question fails with it. */
  unreachable: BothyError | undefined;
  /** Set: the programs of machines that are started end at once, with this status. */
  endsWith: number | undefined;
  readonly #disks = new Map<string, FakeFiles>();

  /** The files on a data disk, kept as long as the backend. */
  async filesOf(path: string): Promise<FakeFiles> {
    const { size } = await stat(path);
    const folders = ["/root", "/tmp", "/etc", "/home/bothy", "/srv"];
    const files = this.#disks.get(path) ?? new FakeFiles(folders, size / 1024 / 1024);
    this.#disks.set(path, files);
    return files;
  }

  /** Lets go of everything of a machine, also of what a crash left. */
  release(store: string, id: string): void {
    for (const held of this.resources) if (held.endsWith(` ${id}`)) this.resources.delete(held);
    this.machines.delete(`${store} ${id}`);
  }

  /** Kills a machine's processes as the kernel would; everything else of it stays behind. */
  async crash(store: string, id: string): Promise<void> {
    const machine = this.machines.get(`${store} ${id}`);
    if (!machine) throw new Error(`no fake machine ${id}`);
    machine.state = "stopped";
    machine.reason = "its processes were killed (signal 9)";
    this.resources.delete(`process ${id}`);
    await machine.endAll(new BothyError("CONNECT_FAILED", `the connection to ${id} was lost`));
  }
}

/** The provider of one store on a fake backend. */
export function fakeProvider(backend: FakeBackend, storeTag: string, options: FakeOptions = {}): Provider {
  const isolation = options.isolation ?? "container";
  const features = {
    ownKernel: isolation === "vm",
    liveLimits: false,
    execWithoutNetwork: isolation !== "vm",
    bootsDisks: isolation === "vm",
    ...options.features,
  };
  const find = (id: string) => backend.machines.get(`${storeTag} ${id}`);
  return {
    name: "fake",
    isolation,
    features,
    check: async () => [{ id: "fake", title: "fake backend", status: "ok" }],
    start: async (spec, context = {}) => {
      refuseUnreachable(backend);
      if (find(spec.id)?.state === "running") return;
      backend.release(storeTag, spec.id);
      const machine = await acquire({ backend, features, options }, spec, context);
      backend.machines.set(`${storeTag} ${spec.id}`, machine);
      if (backend.endsWith !== undefined) machine.endProgram(backend.endsWith);
    },
    stop: async (id) => {
      refuseUnreachable(backend);
      await find(id)?.endAll();
      backend.release(storeTag, id);
    },
    inspect: async () => {
      refuseUnreachable(backend);
      const own = [...backend.machines].filter(([key]) => key.startsWith(`${storeTag} `));
      return new Map(own.map(([, machine]) => [machine.spec.id, describe(machine)]));
    },
    connect: async (id) => {
      refuseUnreachable(backend);
      const machine = find(id);
      if (machine?.state !== "running") throw new BothyError("MACHINE_STATE", `machine ${id} does not run`);
      if (!machine.networkIsUp && !features.execWithoutNetwork) {
        throw new BothyError("CONNECT_FAILED", `no route to ${id}`);
      }
      return connection(machine);
    },
  };
}

interface Surroundings {
  readonly backend: FakeBackend;
  readonly features: Features;
  readonly options: FakeOptions;
}

/** The steps of a start, each undone when a later one fails. */
async function acquire(around: Surroundings, spec: RunSpec, context: RunContext): Promise<FakeMachine> {
  const { backend, features } = around;
  await using rollback = new Rollback();
  for (const step of FAKE_STEPS) {
    context.report?.(`fake step ${step}`);
    if (backend.faults.get(step) === "hang") await aborted(context.signal);
    if (context.signal?.aborted)
      throw new BothyError("INTERRUPTED", `interrupted while starting ${spec.name}`);
    if (backend.faults.get(step) === "fail") throw new BothyError("FAILED", `the fake step ${step} failed`);
    await CHECKS[step]?.(around, spec);
    backend.resources.add(`${step} ${spec.id}`);
    rollback.add(step, () => backend.resources.delete(`${step} ${spec.id}`));
  }
  const machine = new FakeMachine(
    spec,
    await backend.filesOf(spec.dataDisk),
    features,
    await readSeed(spec.seed),
  );
  rollback.commit();
  return machine;
}

const CHECKS: Partial<Record<FakeStep, (around: Surroundings, spec: RunSpec) => Promise<void>>> = {
  layers: async (_, spec) => {
    for (const { path } of [...spec.layers, spec.tools]) {
      await stat(path).catch((cause) => {
        throw new BothyError("LAYER_DAMAGED", `cannot read ${path}`, { cause });
      });
    }
  },
  disk: async ({ backend, features }, spec) => {
    const user = [...backend.machines.values()].find((other) => other.spec.dataDisk === spec.dataDisk);
    if (user) throw new BothyError("DISK_BUSY", `${spec.dataDisk} is in use by ${user.spec.name}`);
    if (!features.ownKernel && !(await isExt4(spec.dataDisk))) {
      throw new BothyError("DISK_DAMAGED", `${spec.dataDisk} is no ext4 file system`);
    }
  },
  network: async ({ options }, spec) => {
    const missing = spec.nics.find((nic) => options.bridges && !options.bridges.includes(nic.bridge));
    if (missing) throw new BothyError("NETWORK_CONFLICT", `the bridge ${missing.bridge} is gone`);
  },
};

async function isExt4(path: string): Promise<boolean> {
  const file = await open(path, "r");
  const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 1024 + 56).finally(() => file.close());
  return buffer.readUInt16LE() === 0xef53;
}

async function readSeed(folder: string): Promise<FakeSeed> {
  const lines = ((await readIfExists(join(folder, "environment"))) ?? "").split("\n").filter(Boolean);
  return {
    resolver: await readFile(join(folder, "resolv.conf"), "utf8"),
    environment: Object.fromEntries(
      lines.map((line) => [line.split("=")[0], line.slice(line.indexOf("=") + 1)]),
    ),
  };
}

function describe(machine: FakeMachine): LiveMachine {
  const { id, name, project } = machine.spec;
  const uptimeS = Math.floor((Date.now() - machine.startedAt) / 1000);
  return {
    id,
    name,
    project: project.id,
    state: machine.state,
    uptimeS,
    reason: machine.reason,
    exitStatus: machine.exitStatus,
  };
}

function connection(machine: FakeMachine): Connection {
  return {
    exec: async (request) => machine.exec(request),
    terminal: ({ argv, cwd }) => ["sh", "-c", `cd ${shellQuote([cwd ?? "/"])} && exec ${shellQuote(argv)}`],
    [Symbol.asyncDispose]: async () => {},
  };
}

function refuseUnreachable(backend: FakeBackend): void {
  if (backend.unreachable) throw backend.unreachable;
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve();
    signal?.addEventListener("abort", () => resolve(), { once: true });
  });
}
