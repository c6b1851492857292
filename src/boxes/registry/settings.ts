import { homedir } from "node:os";
import { join } from "node:path";
import { isMap, LineCounter, parseDocument } from "yaml";
import * as z from "zod";
import { BothyError, hasErrno, messageOf } from "../../errors.ts";
import { environment, readIfExists } from "../../system/index.ts";

const SYSTEM_FILE = "/etc/bothy/registries.yaml";

const pemFile = z.string().startsWith("/", "must be an absolute path");
const host = z.string().regex(/^[^/\s]+$/, "must be HOST or HOST:PORT");

const registrySchema = z.strictObject({
  /** Asked first, in this order: `[https://|http://]HOST[:PORT][/PREFIX]`. */
  mirrors: z
    .array(
      z.string().regex(/^(?:https?:\/\/)?[^\s/]+(?:\/[^\s]+)?$/, "must be [http://]HOST[:PORT][/PREFIX]"),
    )
    .optional(),
  /** Plain HTTP, no TLS. */
  http: z.boolean().optional(),
  /** TLS, but its certificate is not checked. */
  insecure: z.boolean().optional(),
  /** PEM file of the authority that signs its certificate. */
  ca: pemFile.optional(),
});

const fileSchema = z
  .strictObject({
    /** PEM file of an authority that is trusted for every registry. */
    ca: pemFile.optional(),
    registries: z.record(host, registrySchema).nullish(),
  })
  .nullable();

/** How one registry is talked to. */
export type RegistrySettings = z.infer<typeof registrySchema>;

/** What the files about registries say. */
export interface Settings {
  /** The settings of a host, in lower case; nothing for most. */
  of(host: string): RegistrySettings;
  readonly authorities: readonly string[];
}

/**
 * Reads `/etc/bothy/registries.yaml` and the user's, or only the one that `BOTHY_REGISTRIES` names. What the user's
 * file says of a host replaces what the system's says of it.
 * @throws BothyError `CONFIG_INVALID` with every problem of a file, each with its line.
 */
export async function readSettings(): Promise<Settings> {
  const only = environment("BOTHY_REGISTRIES");
  const files = await Promise.all(
    only ? [readFile(only, true)] : [readFile(SYSTEM_FILE), readFile(userFile())],
  );
  const registries = new Map<string, RegistrySettings>();
  for (const file of files) {
    for (const [name, one] of Object.entries(file?.registries ?? {})) registries.set(name.toLowerCase(), one);
  }
  return {
    of: (name) => registries.get(name.toLowerCase()) ?? {},
    authorities: files.flatMap((file) => file?.ca ?? []),
  };
}

function userFile(): string {
  return join(environment("XDG_CONFIG_HOME") ?? join(homedir(), ".config"), "bothy/registries.yaml");
}

async function readFile(path: string, mustExist = false): Promise<z.infer<typeof fileSchema>> {
  const text = await readIfExists(path).catch((error: unknown) => {
    if (hasErrno(error, "EACCES", "EISDIR")) throw invalid(path, [messageOf(error)]);
    throw error;
  });
  if (text === undefined && mustExist)
    throw invalid(path, ["there is no such file (BOTHY_REGISTRIES names it)"]);
  const lines = new LineCounter();
  const document = parseDocument(text ?? "", { lineCounter: lines, prettyErrors: false });
  const line = (offset: number) => `line ${lines.linePos(offset).line}`;
  if (document.errors.length > 0) {
    throw invalid(
      path,
      document.errors.map((error) => `${line(error.pos[0])}: ${error.message}`),
    );
  }
  const parsed = fileSchema.safeParse(document.toJS());
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => {
    const keys = issue.code === "unrecognized_keys" ? issue.keys : [];
    const offset = offsetOf(document.contents, [...issue.path, ...keys.slice(0, 1)]);
    const where = [...issue.path].join(".");
    return `${offset === undefined ? "" : `${line(offset)}: `}${where ? `${where}: ` : ""}${issue.message}`;
  });
  throw invalid(path, problems);
}

/** Where the last key of a path stands, as far as the document has it. */
function offsetOf(contents: unknown, path: readonly PropertyKey[]): number | undefined {
  let [node, offset]: [unknown, number | undefined] = [contents, undefined];
  for (const key of path) {
    const pair = isMap(node)
      ? node.items.find((item) => (item.key as { value?: unknown }).value === key)
      : undefined;
    if (!pair) break;
    offset = (pair.key as { range?: [number] }).range?.[0];
    node = pair.value;
  }
  return offset;
}

function invalid(path: string, problems: readonly string[]): BothyError {
  const shown = problems.map((problem) => `  ${problem}`).join("\n");
  return new BothyError("CONFIG_INVALID", `\`${path}\` has problems:\n${shown}`, {
    hints: ["docs/registries.md describes the file"],
  });
}
