import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { BothyError, messageOf } from "../errors.ts";
import { asset, run } from "../system/index.ts";
import { canonical } from "./box.ts";
import { digestOfText } from "./digest.ts";
import type { Recipe } from "./recipe.ts";

/** Everything that decides what a build gives. */
export interface Inputs {
  /** Digest of all inputs: the same key means that building again would give the same box. */
  readonly key: string;
  /** What programs of the build take for the current time: the release's date, in seconds since 1970. */
  readonly epoch: number;
  /** apt's source lines, `deb URI SUITE COMPONENT...`; the machine keeps them. */
  readonly sources: readonly string[];
}

/** Where packages come from, without a trailing slash. */
export interface Mirror {
  readonly archive: string;
  readonly security: string;
}

const DEBIAN: Mirror = {
  archive: "http://deb.debian.org/debian",
  security: "http://deb.debian.org/debian-security",
};
const APT_HELPER = "/usr/lib/apt/apt-helper";
/** Raised when the builder itself changes what comes out. */
const BUILDER_VERSION = 1;

/**
 * Finds out what a build of the recipe would use now: a request for each package list's signature file and no more.
 * @throws BothyError `BOX_BUILD_FAILED` when the mirror does not answer.
 */
export async function readInputs(recipe: Recipe, folder: string, signal?: AbortSignal): Promise<Inputs> {
  const sources = sourcesOf(recipe, await hostMirror(signal));
  const releases = await Promise.all(
    sources.map((source, index) => fetchRelease(source, join(folder, `InRelease.${index}`), signal)),
  );
  const finish = await readFile(asset("boxes", "debian", "finish.sh"), "utf8");
  const packages = releases.map((release) => packageLists(release));
  const epoch = dateOf(releases[0] ?? "");
  const key = digestOfText(canonical({ BUILDER_VERSION, recipe, sources, packages, finish, epoch }));
  return { key, epoch, sources };
}

/** The mirror that this host's own apt uses for Debian; Debian's own where it names none. */
export async function hostMirror(signal?: AbortSignal): Promise<Mirror> {
  const format = "$(ORIGIN)|$(RELEASE)|$(REPO_URI)";
  const listed = await run(["apt-get", "indextargets", "--format", format, "Created-By: Packages"], {
    signal,
  });
  const rows = listed.stdout.split("\n").map((line) => line.split("|"));
  const debian = rows.filter(([origin, , uri]) => origin === "Debian" && /^https?:/.test(uri ?? ""));
  const uriOf = (security: boolean) =>
    debian.find(([, release]) => /security/.test(release ?? "") === security)?.[2]?.replace(/\/+$/, "");
  return { archive: uriOf(false) ?? DEBIAN.archive, security: uriOf(true) ?? DEBIAN.security };
}

/** The proxies of this host's apt, for mmdebstrap, whose apt does not read the host's configuration. */
export async function hostProxies(signal?: AbortSignal): Promise<Record<string, string>> {
  const keys = { "Acquire::http::Proxy": "http_proxy", "Acquire::https::Proxy": "https_proxy" };
  const dump = await run(["apt-config", "dump", "--format", "%F %v%n", ...Object.keys(keys)], { signal });
  const values = new Map(
    dump.stdout.split("\n").map((line) => line.split(" ") as [string, string | undefined]),
  );
  const found = Object.entries(keys).map(([key, variable]) => [variable, values.get(key)]);
  return Object.fromEntries(found.filter(([, value]) => value && value !== "DIRECT"));
}

/** apt's lines for a release, its updates and its security updates. */
export function sourcesOf(recipe: Pick<Recipe, "suite" | "components">, mirror: Mirror): string[] {
  const components = recipe.components.join(" ");
  return [
    `deb ${mirror.archive} ${recipe.suite} ${components}`,
    `deb ${mirror.archive} ${recipe.suite}-updates ${components}`,
    `deb ${mirror.security} ${recipe.suite}-security ${components}`,
  ];
}

/** Through apt, so that its proxies and certificates are used; mmdebstrap checks the signatures. */
async function fetchRelease(source: string, target: string, signal?: AbortSignal): Promise<string> {
  const [, mirror, suite] = source.split(" ");
  const uri = `${mirror}/dists/${suite}/InRelease`;
  const bounds = [
    "-o",
    "Acquire::Retries=1",
    "-o",
    "Acquire::http::Timeout=20",
    "-o",
    "Acquire::https::Timeout=20",
  ];
  try {
    await run([APT_HELPER, ...bounds, "download-file", uri, target], { signal });
  } catch (error) {
    if (signal?.aborted || (error instanceof BothyError && error.code !== "COMMAND_FAILED")) throw error;
    throw new BothyError("BOX_BUILD_FAILED", `the package mirror does not answer: ${reasonOf(error, uri)}`, {
      hints: [`curl -I ${uri}`, "the mirror is the one of this host's apt: see `apt-get indextargets`"],
      cause: error,
    });
  }
  return readFile(target, "utf8");
}

function reasonOf(error: unknown, uri: string): string {
  const line = messageOf(error)
    .split("\n")
    .find((text) => text.startsWith("E: "));
  return line ? line.slice(3) : uri;
}

/** The digests of the package lists: a mirror signs anew every few hours what has not changed. */
function packageLists(release: string): string[] {
  return release
    .split("\n")
    .filter((line) => /^ [0-9a-f]{64} +\d+ \S+\/binary-(?!all)\S+\/Packages$/.test(line));
}

function dateOf(release: string): number {
  const date = Date.parse(/^Date: (.*)$/m.exec(release)?.[1] ?? "");
  return Number.isNaN(date) ? 0 : Math.floor(date / 1000);
}
