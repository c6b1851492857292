import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import * as z from "zod";
import { ensureFolder, readIfExists, writeJson } from "./files.ts";
import type { Layout } from "./layout.ts";
import { lock } from "./lock.ts";

/** What was learnt about this host, by key. A fact holds while its stamp does. */
const factsSchema = z.record(z.string(), z.object({ stamp: z.string(), value: z.unknown() }));

type Facts = z.infer<typeof factsSchema>;

/**
 * A fact that an earlier command learnt, or `undefined` when none was, when its stamp is another one
 * (see `hostStamp`) or when it cannot be read: facts can always be learnt again.
 */
export async function readHostFact<T>(
  layout: Layout,
  key: string,
  stamp: string,
  schema: z.ZodType<T>,
): Promise<T | undefined> {
  const fact = (await readFacts(layout))[key];
  if (fact?.stamp !== stamp) return undefined;
  const parsed = schema.safeParse(fact.value);
  return parsed.success ? parsed.data : undefined;
}

/** Remembers a fact and keeps all others, also those that another process writes at the same time. */
export async function writeHostFact(
  layout: Layout,
  key: string,
  stamp: string,
  value: unknown,
): Promise<void> {
  await using _ = await lock(layout.lock("host-facts"));
  await ensureFolder(dirname(layout.host()));
  await writeJson(layout.host(), { ...(await readFacts(layout)), [key]: { stamp, value } });
}

/** Names this boot of the host and these very programs: a fact with this stamp is about them and no others. */
export async function hostStamp(programs: readonly string[]): Promise<string> {
  const parts = [await bootId()];
  for (const path of programs) {
    const file = await stat(path).catch(() => undefined);
    parts.push(file ? `${path}:${file.size}:${Math.trunc(file.mtimeMs)}` : `${path}:absent`);
  }
  return parts.join(" ");
}

/** The kernel's random name for this boot. */
export async function bootId(): Promise<string> {
  return (await readIfExists("/proc/sys/kernel/random/boot_id"))?.trim() ?? "unknown";
}

async function readFacts(layout: Layout): Promise<Facts> {
  try {
    const parsed = factsSchema.safeParse(JSON.parse((await readIfExists(layout.host())) ?? "{}"));
    return parsed.success ? parsed.data : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
