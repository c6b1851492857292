import * as z from "zod";
import { BothyError } from "../../../errors.ts";
import { environment, hostStamp, type Layout, readHostFact, writeHostFact } from "../../../system/index.ts";
import { findProgram, type HostFacts } from "../host/index.ts";
import { tryRuntime } from "./probe.ts";

/** An OCI runtime that works on this host. */
export interface Runtime {
  readonly name: string;
  readonly path: string;
}

/** In the order in which they are tried: crun starts faster, runc accepts more hosts. */
const CANDIDATES = ["crun", "runc"];

const factSchema = z.object({ name: z.string(), path: z.string() });

/** Finds the runtime, once per process. `remember` keeps the answer for later processes. */
export type RuntimeFinder = (host: HostFacts, remember: boolean) => Promise<Runtime>;

/** The finder of one store. */
export function runtimeFinder(layout: Layout): RuntimeFinder {
  let found: Promise<Runtime> | undefined;
  return (host, remember) => {
    found ??= findRuntime(layout, host, remember);
    found.catch(() => {
      found = undefined;
    });
    return found;
  };
}

/**
 * The first runtime that runs a trivial container. What was found holds until the host boots anew or a runtime's
 * file changes, so that a start does not pay for the probe.
 * @throws BothyError `RUNTIME_UNUSABLE` with what each of them said.
 */
async function findRuntime(layout: Layout, host: HostFacts, remember: boolean): Promise<Runtime> {
  const installed = await installedRuntimes();
  const stamp = await hostStamp(installed.map((runtime) => runtime.path));
  const known = await readHostFact(layout, "runtime", stamp, factSchema);
  if (known) return known;
  const failures: string[] = [];
  for (const runtime of installed) {
    const failure = await tryRuntime(layout, runtime, host);
    if (failure === undefined) {
      if (remember) await writeHostFact(layout, "runtime", stamp, runtime);
      return runtime;
    }
    failures.push(`${runtime.name}: ${failure}`);
  }
  throw unusable(failures);
}

function candidates(): readonly string[] {
  const chosen = environment("BOTHY_RUNTIME");
  return chosen === undefined ? CANDIDATES : [chosen];
}

async function installedRuntimes(): Promise<Runtime[]> {
  const found: Runtime[] = [];
  for (const name of candidates()) {
    const path = name.startsWith("/") ? name : await findProgram(name);
    if (path !== undefined) found.push({ name, path });
  }
  return found;
}

function unusable(failures: readonly string[]): BothyError {
  const names = candidates().map((name) => `'${name}'`);
  const why = failures.length > 0 ? failures.join("; ") : `${names.join(" or ")} is not installed`;
  return new BothyError("RUNTIME_UNUSABLE", `no OCI runtime works on this host: ${why}`, {
    hints: ["apt-get install runc", "`bothy doctor` shows what else is missing"],
  });
}
