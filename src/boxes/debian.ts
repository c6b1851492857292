import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { asset, ensureFolder, run, shellQuote } from "../system/index.ts";
import { requireBuildTools } from "./build-tools.ts";
import { hostProxies, type Inputs } from "./inputs.ts";
import type { Recipe } from "./recipe.ts";

/** What a tree is made from and where. */
export interface TreeRequest {
  readonly recipe: Recipe;
  readonly inputs: Inputs;
  /** Does not exist yet. */
  readonly tree: string;
  /** For the builder's own files. */
  readonly scratch: string;
  readonly signal?: AbortSignal | undefined;
  readonly report?: ((line: string) => void) | undefined;
}

/**
 * mmdebstrap mounts /proc, /sys and /dev in the tree. In namespaces of its own, mounts and processes end with it,
 * whatever ends it; and it ends when bothy is killed.
 */
const CONTAINED = [
  ...["setpriv", "--pdeathsig", "KILL"],
  ...["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc"],
];
const MERGED_USR = "/usr/share/mmdebstrap/hooks/merged-usr";
const NO_TRANSLATIONS = 'Acquire::Languages "none"';

/**
 * Makes the root file system of a Debian recipe with mmdebstrap: the same inputs give the same tree, but for the
 * times of the files that the build made. Returns the time that these get: that of the newest file of any package.
 * An older one would part Python's compiled files from their sources.
 */
export async function makeDebianTree(request: TreeRequest): Promise<number> {
  const { recipe, inputs, tree, signal } = request;
  await requireBuildTools(signal);
  const startedAt = Math.floor(Date.now() / 1000);
  const clock = { SOURCE_DATE_EPOCH: String(inputs.epoch) };
  const env = { ...clock, TMPDIR: request.scratch, ...(await hostProxies(signal)) };
  const hook = await writeHook(request);
  await run([...CONTAINED, ...mmdebstrap(recipe, inputs, tree, hook)], {
    env,
    signal,
    onLine: (line) => reportPhase(line, request.report),
  });
  await run(["sh", asset("boxes", "debian", "finish.sh"), tree], { env: clock, signal });
  return newestBefore(startedAt, tree, inputs.epoch, signal);
}

async function newestBefore(
  limit: number,
  tree: string,
  least: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  const found = await run(["find", tree, "-printf", "%T@\\n"], { signal });
  const times = found.stdout.split("\n").map((line) => Math.floor(Number(line)));
  return times.reduce((newest, time) => (time < limit && time > newest ? time : newest), least);
}

function mmdebstrap(recipe: Recipe, inputs: Inputs, tree: string, hook: string): string[] {
  return [
    "mmdebstrap",
    ...["--mode=root", "--format=directory", `--variant=${recipe.variant}`, `--hook-dir=${MERGED_USR}`],
    `--include=${["usr-is-merged", ...recipe.packages].join(",")}`,
    `--aptopt=${NO_TRANSLATIONS}`,
    "--dpkgopt=force-unsafe-io",
    `--customize-hook=${hook}`,
    ...[recipe.suite, tree, ...inputs.sources],
  ];
}

/** A script for mmdebstrap, which calls it with the tree as $1 while the tree can run programs. */
async function writeHook(request: TreeRequest): Promise<string> {
  const { recipe, scratch } = request;
  await ensureFolder(join(scratch, "files"));
  const lines = ["#!/bin/sh", "set -eu"];
  for (const [index, [path, { content, mode }]] of Object.entries(recipe.files).entries()) {
    const source = join(scratch, "files", String(index));
    await writeFile(source, content);
    lines.push(`install -D -m ${mode} ${shellQuote([source])} "$1"${shellQuote([path])}`);
  }
  const customize = join(scratch, "customize.sh");
  await writeFile(customize, recipe.customize);
  lines.push(`chroot "$1" sh -eu <${shellQuote([customize])}`, "");
  const hook = join(scratch, "hook.sh");
  await writeFile(hook, lines.join("\n"));
  await chmod(hook, 0o755);
  return hook;
}

function reportPhase(line: string, report: TreeRequest["report"]): void {
  const phase = /^I: ((?:running|downloading|extracting|installing) .*)\.\.\.$/.exec(line)?.[1];
  if (phase) report?.(phase);
}
