import { findKernel, openKernel } from "../boxes/index.ts";
import { BothyError, hasErrno } from "../errors.ts";
import type { MachineRecord } from "../machines/index.ts";
import type { KernelFiles } from "../providers/provider.ts";
import { statIfExists } from "../system/index.ts";
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
  const found = await openKernel(layout, digest).catch((error: unknown) => {
    if (hasErrno(error, "ENOENT", "ENOTDIR") || error instanceof SyntaxError) return undefined;
    throw error;
  });
  const files = found ? [found.vmlinuz, found.initramfs, found.modules] : [];
  const stats = await Promise.all(files.map(statIfExists));
  if (found && stats.every((one) => one?.isFile())) return found;
  const folder = layout.artefact("kernel", digest);
  throw new BothyError(
    "LAYER_DAMAGED",
    `the kernel of the box ${box.name} is missing or damaged: ${folder}`,
    {
      hints: [`bothy box verify --repair ${box.name}`],
    },
  );
}
