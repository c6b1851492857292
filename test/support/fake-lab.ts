import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureProject, type MachineRecord, readRecord } from "../../src/machines/index.ts";
import { removeNetwork } from "../../src/network/index.ts";
import type { Context } from "../../src/operations/context.ts";
import type { Isolation } from "../../src/providers/provider.ts";
import type { Layout } from "../../src/system/index.ts";
import { FakeBackend, fakeProvider } from "./fake-provider.ts";
import { fakeStore } from "./fake-store.ts";
import { machineSpec, type Wish } from "./machine-spec.ts";
import { type RecordingReporter, recordingReporter } from "./recording-reporter.ts";
import { type TempHome, tempHome } from "./temp-home.ts";

/** What a lab's machine is like; it does not run unless asked to. */
export interface LabWish extends Wish {
  readonly isolation?: Isolation;
  readonly running?: boolean;
}

/** A project whose machines run in memory, for tests of operations. */
export interface FakeLab extends AsyncDisposable {
  readonly home: TempHome;
  /** The project's folder. */
  readonly folder: string;
  readonly ctx: Context & { readonly reporter: RecordingReporter };
  readonly backends: Readonly<Record<Isolation, FakeBackend>>;
  /** Makes a machine of the project. */
  add(name: string, wish?: LabWish): Promise<MachineRecord>;
  /** The same, as part of another project. */
  addElsewhere(name: string, wish?: LabWish): Promise<MachineRecord>;
}

/** What every project file begins with here. */
const HEAD = "name: shop\ndefaults: { box: debian/12 }\n";

/** A lab whose project file has these machines; without them there is no project. */
export async function fakeLab(machines?: string): Promise<FakeLab> {
  const home = await tempHome();
  const folder = await home.sub("shop");
  if (machines !== undefined) await writeFile(join(folder, "bothy.yaml"), HEAD + machines);
  const backends = { container: new FakeBackend(), vm: new FakeBackend() };
  const images = await fakeStore(home.layout);
  const add = async (place: string, name: string, wish: LabWish = {}) => {
    const isolation = wish.isolation ?? "container";
    const { version: _, ...project } = await ensureProject(home.layout, place, "shop");
    const where = { layout: home.layout, isolation, images, project, nicsOf: async () => [] };
    const spec = await machineSpec(where, { ...wish, name });
    if (wish.running) await fakeProvider(backends[isolation], home.layout.tag, { isolation }).start(spec);
    return readRecord(home.layout, spec.id);
  };
  return {
    home,
    folder,
    backends,
    ctx: {
      layout: home.layout,
      reporter: recordingReporter(),
      signal: new AbortController().signal,
      cwd: folder,
      providers: {
        get: async (isolation) => fakeProvider(backends[isolation], home.layout.tag, { isolation }),
      },
    },
    add: (name, wish) => add(folder, name, wish),
    addElsewhere: async (name, wish) => add(await home.sub("elsewhere"), name, wish),
    [Symbol.asyncDispose]: async () => {
      for (const id of await projectIds(home.layout)) await removeNetwork(home.layout, id);
      await home[Symbol.asyncDispose]();
    },
  };
}

/** Every project that the store ever had something of: a test that fails must leave no network on the host. */
async function projectIds(layout: Layout): Promise<string[]> {
  const folders = [layout.projects(), join(layout.run, "names")];
  const names = await Promise.all(folders.map((folder) => readdir(folder).catch(() => [])));
  return [...new Set(names.flat())];
}
