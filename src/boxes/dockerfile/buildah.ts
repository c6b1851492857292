import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  CommandError,
  ensureFolder,
  type Layout,
  type RunOptions,
  type RunResult,
  run,
} from "../../system/index.ts";
import type { RegistryAccess } from "./registries.ts";

/** buildah with a storage of bothy's own. One process at a time: the caller holds `BUILD_LOCK`. */
export interface Buildah {
  /** `vfs` copies a whole file system per layer; only where overlayfs cannot be mounted on the store's file system. */
  readonly driver: "overlay" | "vfs";
  /** Folder for files of this run. */
  readonly scratch: string;
  /** For `--signature-policy`: images are as trusted as with Docker. */
  readonly policy: string;
  /** @throws as `run` of the system part. */
  run(args: readonly string[], options?: RunOptions): Promise<RunResult>;
}

/** Name of the lock and of the workspace under which the storage is used. */
export const BUILD_LOCK = "dockerfile";

/** In namespaces of its own, buildah's mounts and processes end with it, whatever ends it, bothy's death included. */
const CONTAINED = [
  ...["setpriv", "--pdeathsig", "KILL"],
  ...["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc"],
];
/** What a program says on both streams stays in order. */
const ONE_STREAM = ["sh", "-c", 'exec "$@" 2>&1', "sh"];
const POLICY = { default: [{ type: "insecureAcceptAnything" }] };
/** `volatile`: as buildah mounts it, and its end does not wait for the disk. */
const TRY_OVERLAY =
  'cd "$1" && mkdir l u w m && mount -t overlay overlay -o lowerdir=l,upperdir=u,workdir=w,volatile m && mkdir m/x && rmdir m/x';

/** Everything of buildah's that stays: a cache, which may be deleted at any time. */
export function buildahFolder(layout: Layout): string {
  return join(layout.home, "buildah");
}

/**
 * Makes buildah ready: no configuration of this host's but Docker's credentials has a say.
 * @throws BothyError `TOOL_MISSING`.
 */
export async function openBuildah(
  layout: Layout,
  scratch: string,
  registries: RegistryAccess,
  signal?: AbortSignal,
): Promise<Buildah> {
  await run(["buildah", "--version"], { signal });
  const folder = buildahFolder(layout);
  const temporary = join(folder, "tmp");
  await ensureFolder(temporary, 0o700);
  await ensureFolder(layout.run); // buildah would close it to others, QEMU's user among them
  const driver = await chooseDriver(scratch, signal);
  const env = { ...registries.env, ...(await configure(scratch, driver)), TMPDIR: temporary };
  const place = ["--root", join(folder, "storage"), "--runroot", join(layout.run, "buildah")];
  const argv = [
    ...CONTAINED,
    ...ONE_STREAM,
    "buildah",
    "--storage-driver",
    driver,
    ...place,
    ...registries.flags,
  ];
  return {
    driver,
    scratch,
    policy: join(scratch, "policy.json"),
    run: (args, options) => run([...argv, ...args], { ...options, env: { ...env, ...options?.env } }),
  };
}

async function configure(scratch: string, driver: string): Promise<Record<string, string>> {
  const files = {
    "policy.json": JSON.stringify(POLICY),
    "storage.conf": `[storage]\ndriver = "${driver}"\n`,
    "containers.conf": "",
  };
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(scratch, name), text)));
  return {
    CONTAINERS_STORAGE_CONF: join(scratch, "storage.conf"),
    CONTAINERS_CONF: join(scratch, "containers.conf"),
  };
}

/** overlayfs cannot be the upper layer of another: so it is in a container whose store is no volume. */
async function chooseDriver(scratch: string, signal: AbortSignal | undefined): Promise<Buildah["driver"]> {
  const probe = join(scratch, "probe");
  await ensureFolder(probe);
  try {
    await run([...CONTAINED, "sh", "-c", TRY_OVERLAY, "sh", probe], { signal });
    return "overlay";
  } catch (error) {
    if (error instanceof CommandError) return "vfs";
    throw error;
  }
}
