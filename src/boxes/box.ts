import * as z from "zod";
import { DIGEST, digestOfText } from "./digest.ts";

/** Version of the metadata files; another one is refused. */
export const BOX_VERSION = 1;

const digest = z.string().regex(DIGEST);
const absolutePath = z.string().startsWith("/");

const layerSchema = z.object({
  /** sha256 of the layer's EROFS file, which is named by it. */
  digest,
  sizeBytes: z.number().int().positive(),
});

const contentSchema = z.object({
  /** Bottom first. */
  layers: z.array(layerSchema).min(1).max(16),
  /** What the machine's init hands over to; absent: bothy's own init supervises. */
  init: absolutePath.optional(),
  /** Who `ssh` logs in as. */
  user: z.string().min(1).optional(),
  environment: z.record(z.string(), z.string()),
  entrypoint: z.array(z.string()).optional(),
  command: z.array(z.string()).optional(),
  workdir: absolutePath.optional(),
  /** Ports that its program listens on: `80/tcp`. Only shown. */
  exposedPorts: z.array(z.string()).optional(),
  labels: z.record(z.string(), z.string()),
});

/** `boxes/NAME.json`. */
export const boxSchema = z.object({
  version: z.literal(BOX_VERSION),
  name: z.string(),
  /** Of everything that makes the box what it is: layers and configuration, not name, time or source. */
  digest,
  ...contentSchema.shape,
  createdAt: z.iso.datetime(),
  /** Where it came from; `inputs` tells whether building again would give the same. */
  source: z.object({ recipe: z.string(), inputs: digest }).optional(),
});

/** One layer of a box, as its metadata has it. */
export type BoxLayer = z.infer<typeof layerSchema>;
/** What a machine gets from a box. */
export type BoxContent = z.infer<typeof contentSchema>;
/** An image in the store. Never changed in place: a rebuild puts another one under the same name. */
export type Box = z.infer<typeof boxSchema>;

/** Completes the metadata of a new box. */
export function describeBox(
  name: string,
  content: BoxContent,
  source: Box["source"],
  createdAt = new Date(),
): Box {
  return {
    version: BOX_VERSION,
    name,
    digest: digestOfContent(content),
    ...content,
    createdAt: createdAt.toISOString(),
    ...(source ? { source } : {}),
  };
}

/** The digest by which machines remember a box. */
export function digestOfContent(content: BoxContent): string {
  return digestOfText(canonical(contentSchema.parse(content)));
}

/** JSON with sorted keys, so that equal values give equal texts. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === "object" && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
