import { findKernel, findKernelOf } from "../boxes/index.ts";
import { BothyError } from "../errors.ts";
import type { MachineRecord } from "../machines/index.ts";
import type { KernelFiles } from "../providers/provider.ts";
import type { Context } from "./context.ts";

/**
 * What a VM boots: the box's own kernel where the project file asks for it, else ours.
 * @throws BothyError `BOX_INVALID` when the box brought none, `LAYER_DAMAGED` when it is not whole any more.
 */
export async function kernelOf(
  { layout }: Pick<Context, "layout">,
  { box, name, kernel }: MachineRecord,
): Promise<KernelFiles | undefined> {
  if (kernel !== "box") return findKernel(layout);
  if (!box.kernel) {
    throw new BothyError("BOX_INVALID", `the box ${box.name} of machine "${name}" has no kernel of its own`, {
      hints: ["leave `vm: { kernel: box }` out: bothy's own kernel boots every box"],
    });
  }
  const { digest } = box.kernel;
  const found = await findKernelOf(layout, digest);
  if (found) return found;
  const folder = layout.artefact("kernel", digest);
  throw new BothyError(
    "LAYER_DAMAGED",
    `the kernel of the box ${box.name} is missing or damaged: ${folder}`,
    {
      hints: [`bothy box verify --repair ${box.name}`],
    },
  );
}
