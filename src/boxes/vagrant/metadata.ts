import * as z from "zod";
import { BothyError, messageOf } from "../../errors.ts";
import { hostArchitecture } from "./architecture.ts";

/** What a `.box` holds, by its metadata.json. Paths are names of members, without a leading `./`. */
export type BoxMetadata =
  | { readonly provider: "libvirt"; readonly disks: readonly string[] }
  | { readonly provider: "lxc" };

const anySchema = z.looseObject({ provider: z.string().min(1), architecture: z.string().optional() });
const firstSchema = z.looseObject({
  format: z.string(),
  virtual_size: z.union([z.number().positive(), z.string().regex(/^\d+(\.\d+)?$/)]),
});
const secondSchema = z.looseObject({
  disks: z.array(z.looseObject({ path: z.string().min(1), name: z.string().optional() })).min(1),
});

/** The disk of a libvirt box of the first format. */
const ONLY_DISK = "box.img";

/**
 * Reads a metadata.json: libvirt's first format (one `box.img`, qcow2), its second (`disks`, in order) and lxc's.
 * @throws BothyError `BOX_INVALID` saying what is missing or whose box it is.
 */
export function parseMetadata(text: string, title: string): BoxMetadata {
  const value = parseJson(text, title);
  const { provider, architecture } = check(anySchema, value, title);
  if (architecture && ![hostArchitecture(), "unknown"].includes(architecture.toLowerCase())) {
    throw invalid(title, `it is for ${architecture}, and this host is ${hostArchitecture()}`);
  }
  if (provider === "lxc") return { provider };
  if (provider !== "libvirt") throw foreign(provider, title);
  const hasDisks = Array.isArray(value["disks"]) && value["disks"].length > 0;
  if (hasDisks) return { provider, disks: diskPaths(check(secondSchema, value, title).disks, title) };
  const { format } = check(firstSchema, value, title);
  if (format !== "qcow2") throw invalid(title, `the format of its disk is \`${format}\`, not qcow2`);
  return { provider, disks: [ONLY_DISK] };
}

/** The name of an archive's member without `./` in front. */
export function memberName(path: string): string {
  return path.replace(/^(?:\.\/+)+/, "");
}

function diskPaths(disks: readonly { path: string; name?: string | undefined }[], title: string): string[] {
  const paths = disks.map(({ path }) => memberName(path));
  const names = disks.flatMap(({ name }) => (name === undefined ? [] : [name]));
  for (const list of [paths, names]) {
    const twice = list.find((one, index) => list.indexOf(one) !== index);
    if (twice !== undefined) throw invalid(title, `two of its disks are called \`${twice}\``);
  }
  return paths;
}

function parseJson(text: string, title: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch (cause) {
    throw invalid(title, `its metadata.json cannot be read: ${messageOf(cause)}`, cause);
  }
}

function check<T>(schema: z.ZodType<T>, value: unknown, title: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw invalid(
    title,
    `its metadata.json: ${issue?.path.join(".") || "content"}: ${issue?.message}`,
    result.error,
  );
}

function foreign(provider: string, title: string): BothyError {
  return new BothyError("BOX_INVALID", `\`${title}\` is a box for the provider \`${provider}\``, {
    hints: ["bothy reads boxes for libvirt and lxc; many boxes are published for libvirt as well"],
  });
}

function invalid(title: string, why: string, cause?: unknown): BothyError {
  return new BothyError("BOX_INVALID", `\`${title}\` is no box: ${why}`, {
    hints: [
      "vagrant-libvirt's documentation says what a box has: metadata.json and a qcow2 disk without backing file",
    ],
    cause,
  });
}
