import * as z from "zod";
import { DIGEST, digestOfText } from "./digest.ts";

/** Version of the metadata files; another one is refused. */
export const BOX_VERSION = 1;

const digest = z.string().regex(DIGEST);
const absolutePath = z.string().startsWith("/");

/** As many as overlayfs, a page of mount options and the PCI places of a VM carry; what Docker allows too. */
export const MAX_LAYERS = 127;

/** One layer, as every file of the store has it. */
export const layerSchema = z.object({
  /** sha256 of the layer's EROFS file, which is named by it. */
  digest,
  sizeBytes: z.number().int().positive(),
  /** sha256 of the uncompressed tar that it was made from; absent for layers that never were a tar. */
  diffId: digest.optional(),
});

const millis = z.number().int().nonnegative();

/** A health check as images have it; `CMD` and `CMD-SHELL` stay in `test` as they were. */
const healthcheckSchema = z.object({
  test: z.array(z.string()),
  intervalMs: millis.optional(),
  timeoutMs: millis.optional(),
  startPeriodMs: millis.optional(),
  retries: z.number().int().nonnegative().optional(),
});

/** A whole disk, for a box that only boots as a VM. */
const diskSchema = z.object({
  /** sha256 of the qcow2 file, which is named by it. */
  digest,
  sizeBytes: z.number().int().positive(),
  /** What the guest sees. */
  virtualBytes: z.number().int().positive(),
  firmware: z.enum(["bios", "efi"]),
  /** Why its content could not become layers, in words. */
  reason: z.string(),
});

const contentSchema = z.object({
  /** Bottom first; none only where there is a `disk`. */
  layers: z.array(layerSchema).max(MAX_LAYERS),
  disk: diskSchema.optional(),
  /** What the machine's init hands over to; absent: bothy's own init supervises. */
  init: absolutePath.optional(),
  /** Who `ssh` logs in as. */
  user: z.string().min(1).optional(),
  environment: z.record(z.string(), z.string()),
  /** With `command`: the program that runs under our init. Only in boxes without an `init`. */
  entrypoint: z.array(z.string()).optional(),
  command: z.array(z.string()).optional(),
  /** Who the program runs as, as an image says it: `user`, `uid`, `user:group`, `uid:gid`. Absent: root. */
  runAs: z.string().min(1).optional(),
  workdir: absolutePath.optional(),
  /** What asks the program to end: `SIGQUIT`, `15`. Absent: SIGTERM. */
  stopSignal: z.string().min(1).optional(),
  healthcheck: healthcheckSchema.optional(),
  /** Directories that are kept off the overlay, filled from the image at first use. */
  volumes: z.array(absolutePath).optional(),
  /** Ports that its program listens on: `80/tcp`. Only shown. */
  exposedPorts: z.array(z.string()).optional(),
  labels: z.record(z.string(), z.string()),
  /** A kernel of its own that `vm: { kernel: box }` boots: the digest of an artefact of the kind `kernel`. */
  kernel: z.object({ digest, version: z.string() }).optional(),
});

/** Where a box came from; enough to look whether there is something newer, and to fetch it again. */
const sourceSchema = z.union([
  /** `inputs` tells whether building again would give the same. */
  z.strictObject({ recipe: z.string(), inputs: digest }),
  /** From a registry; `manifest` is what the tag named then (`sha256:...`). */
  z.strictObject({ image: z.string(), manifest: z.string(), platform: z.string() }),
  /** From an OCI layout or archive on this host. */
  z.strictObject({ archive: z.string(), manifest: z.string() }),
  /** From a Dockerfile; `inputs` as above. */
  z.strictObject({
    context: z.string(),
    dockerfile: z.string(),
    target: z.string().optional(),
    args: z.record(z.string(), z.string()),
    inputs: digest,
  }),
  /** From a `.box`, a disk image or a tarball: a path or a URL, and the catalog that named it. */
  z.strictObject({
    file: z.string(),
    checksum: z.string().optional(),
    catalog: z.string().optional(),
    /** What of the catalog was asked for. */
    constraint: z.string().optional(),
    provider: z.enum(["libvirt", "lxc"]).optional(),
    architecture: z.string().optional(),
    boxVersion: z.string().optional(),
  }),
  /** Made of a machine by `bothy package`. */
  z.strictObject({ machine: z.string(), base: z.string() }),
]);

const historySchema = z.object({
  createdAt: z.string().optional(),
  createdBy: z.string().optional(),
  comment: z.string().optional(),
  /** True for steps that changed the configuration only. */
  emptyLayer: z.boolean().optional(),
});

/** `boxes/NAME.json`. */
export const boxSchema = z
  .object({
    version: z.literal(BOX_VERSION),
    name: z.string(),
    /** Of everything that makes the box what it is: layers and configuration, not name, time or source. */
    digest,
    ...contentSchema.shape,
    createdAt: z.iso.datetime(),
    source: sourceSchema.optional(),
    /** How it was made, oldest step first, as its maker tells. */
    history: z.array(historySchema).optional(),
  })
  .refine(({ layers, disk }) => layers.length > 0 || disk, { message: "neither layers nor a disk" });

/** One layer of a box, as its metadata has it. */
export type BoxLayer = z.infer<typeof layerSchema>;
/** What a machine gets from a box. */
export type BoxContent = z.infer<typeof contentSchema>;
/** An image in the store. Never changed in place: a rebuild puts another one under the same name. */
export type Box = z.infer<typeof boxSchema>;

/** Where a new box comes from and how it was made. */
export type Origin = Pick<Box, "source" | "history">;

/** Completes the metadata of a new box. */
export function describeBox(
  name: string,
  content: BoxContent,
  origin: Origin = {},
  createdAt = new Date(),
): Box {
  return {
    version: BOX_VERSION,
    name,
    digest: digestOfContent(content),
    ...content,
    createdAt: createdAt.toISOString(),
    ...(origin.source ? { source: origin.source } : {}),
    ...(origin.history ? { history: origin.history } : {}),
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
