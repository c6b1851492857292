import { BothyError } from "../errors.ts";
import type { MachineRecord } from "../machines/index.ts";
import type { Provider } from "../providers/provider.ts";
import { type Layout, statIfExists } from "../system/index.ts";

/** What a machine that boots from its box's own disk can do at a level. @throws BothyError `BOX_VM_ONLY`. */
export function refuseLevel(record: MachineRecord, provider: Provider): void {
  const { disk, name } = record.box;
  if (!disk || provider.features.bootsDisks) return;
  throw new BothyError(
    "BOX_VM_ONLY",
    `the box ${name} cannot run as a ${provider.isolation}: ${disk.reason}`,
    {
      hints: [`bothy up ${record.name} --isolation vm`, "or write `isolation: vm` for it in bothy.yaml"],
    },
  );
}

/** Stops what needs our programs inside the machine. @throws BothyError `BOX_VM_ONLY`. */
export function requireTools(record: MachineRecord, what: string): void {
  if (!record.box.disk) return;
  const message = `${what} needs bothy's tools in the machine, and "${record.name}" boots a system of its own`;
  throw new BothyError("BOX_VM_ONLY", message, {
    hints: [`bothy ssh ${record.name}`, `bothy logs ${record.name}`],
  });
}

/** The box's disk that a machine's own stands on. @throws BothyError `LAYER_DAMAGED` when it is gone. */
export async function requireBase(
  layout: Layout,
  { box }: MachineRecord,
): Promise<{ readonly path: string; readonly virtualBytes: number } | undefined> {
  if (!box.disk) return undefined;
  const path = layout.disk(box.disk.digest);
  const stats = await statIfExists(path);
  if (stats?.size === box.disk.sizeBytes) return { path, virtualBytes: box.disk.virtualBytes };
  throw new BothyError(
    "LAYER_DAMAGED",
    `the disk of the box ${box.name} is missing or was changed: ${path}`,
    {
      hints: [`bothy box verify --repair ${box.name}`],
    },
  );
}
