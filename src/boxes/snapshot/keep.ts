import { BothyError } from "../../errors.ts";
import type { Layout } from "../../system/index.ts";
import { type Box, type BoxContent, type BoxLayer, describeBox, MAX_LAYERS, type Origin } from "../box.ts";
import { isKnownBox, lockBoxes, saveBox } from "../store.ts";

/** A box that is about to be made. */
export interface NewBox {
  /** Normalised. */
  readonly name: string;
  /** Takes the place of a box of that name. */
  readonly force?: boolean | undefined;
}

/** What a new box gets beside its name. */
export interface Making extends NewBox {
  /** Of the box that it stands on. */
  readonly content: BoxContent;
  readonly layer: BoxLayer;
  readonly origin: Origin;
  readonly signal?: AbortSignal | undefined;
}

/** Puts a box under its name: the content with one more layer. The caller holds `leaseLayers`. */
export async function keepBox(layout: Layout, making: Making): Promise<Box> {
  const { name, content, layer, origin, signal } = making;
  const box = describeBox(name, { ...content, layers: [...content.layers, layer] }, origin);
  await using _held = await lockBoxes(layout, signal);
  await refuseTaken(layout, making);
  await saveBox(layout, box);
  return box;
}

/** @throws BothyError `FILE_EXISTS` when there is a box or a recipe of that name and nobody said `force`. */
export async function refuseTaken(layout: Layout, { name, force }: NewBox): Promise<void> {
  if (force || !(await isKnownBox(layout, name))) return;
  throw new BothyError("FILE_EXISTS", `there is a box \`${name}\` already`, {
    hints: [
      "`--force` puts the new one in its place; machines that stand on the old one keep it",
      "--name OTHER",
    ],
  });
}

/** @throws BothyError `EXPORT_FAILED` when a box of these layers has no room for another. */
export function refuseHigh(layers: readonly unknown[], name: string): void {
  if (layers.length < MAX_LAYERS) return;
  throw new BothyError(
    "EXPORT_FAILED",
    `the box of ${name} has ${layers.length} layers, and a box has ${MAX_LAYERS} at most`,
    {
      hints: [
        "make one layer of its box: `bothy box export BOX --output flat.tar.zst`, `bothy box add ./flat.tar.zst FLAT`",
        "and make the machine of that",
      ],
    },
  );
}
