import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { BothyError } from "../errors.ts";
import { CommandError, run } from "../system/index.ts";
import { digestOfText } from "./digest.ts";

/** One Debian package as the host's own sources offer it now. */
export interface Package {
  readonly name: string;
  /** The file's name, which has the version in it. */
  readonly file: string;
  readonly sha256: string;
}

/** Where apt keeps what it knows and where it is told to look. */
const APT_FOLDERS = ["/var/lib/apt/lists", "/etc/apt", "/etc/apt/sources.list.d", "/etc/apt/preferences.d"];

/**
 * Our apt calls leave the host as it is: no cache files, and no user `_apt` who could not write into our folder.
 * Everything is still verified by apt, from the release's signature to each file's hash.
 */
const APT_OPTIONS = ["Dir::Cache::pkgcache=", "Dir::Cache::srcpkgcache=", "APT::Sandbox::User=root"].flatMap(
  (option) => ["-o", option],
);

/** Changes whenever apt may answer differently; takes a millisecond. */
export async function aptState(): Promise<string> {
  const files = (await Promise.all(APT_FOLDERS.map(filesOf))).flat().sort();
  const stamps = files.map(async (file) => {
    const { size, mtimeMs } = await stat(file);
    return `${file} ${size} ${mtimeMs}`;
  });
  return digestOfText((await Promise.all(stamps)).join("\n"));
}

/** The newest versions of packages, in the order of their names. @throws CommandError for an unknown one. */
export async function resolvePackages(names: readonly string[], signal?: AbortSignal): Promise<Package[]> {
  const { stdout } = await apt(["apt-get", ...APT_OPTIONS, "download", "--print-uris", ...names], { signal });
  const packages = stdout
    .split("\n")
    .map(parseUri)
    .filter((entry) => entry !== undefined);
  const missing = names.filter((name) => !packages.some((entry) => entry.name === name));
  if (missing.length > 0) {
    throw new BothyError("BOX_BUILD_FAILED", `apt offers no file for ${missing.join(", ")}`, {
      hints: ["apt-get update"],
    });
  }
  return packages.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The package that a pointer package such as `linux-image-cloud-amd64` stands for. */
export async function resolvePointer(name: string, pattern: RegExp, signal?: AbortSignal): Promise<string> {
  const { stdout } = await apt(["apt-cache", ...APT_OPTIONS, "show", "--no-all-versions", name], { signal });
  const depends = /^Depends: (.*)$/m.exec(stdout)?.[1] ?? "";
  const target = depends.split(/[,|]/).map((entry) => entry.trim().split(" ")[0] ?? "");
  const found = target.find((entry) => pattern.test(entry));
  if (found) return found;
  throw new BothyError(
    "BOX_BUILD_FAILED",
    `the package '${name}' points to nothing like ${pattern}: "${depends}"`,
  );
}

/** Downloads packages and unpacks each below `folder`, in a folder with its name. */
export async function unpackPackages(
  packages: readonly Package[],
  folder: string,
  signal?: AbortSignal,
): Promise<void> {
  const names = packages.map((entry) => entry.name);
  await apt(["apt-get", ...APT_OPTIONS, "download", "--quiet", ...names], { cwd: folder, signal });
  for (const { name, file } of packages) {
    await run(["dpkg-deb", "--extract", join(folder, file), join(folder, name)], { signal });
  }
}

async function apt(argv: readonly string[], options: Parameters<typeof run>[1]) {
  try {
    return await run(argv, options);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const said = error.result.stderr.trim().split("\n").at(-1) ?? "";
    throw new BothyError("BOX_BUILD_FAILED", `apt cannot give us what we need: ${said}`, {
      hints: ["apt-get update", `${error.result.command}`],
      cause: error,
    });
  }
}

/** A line of `--print-uris`: `'URI' FILE SIZE HASH:HEX`. */
function parseUri(line: string): Package | undefined {
  const [, file, sha256] = /^'[^']*' (\S+) \d+ SHA256:([0-9a-f]{64})$/.exec(line) ?? [];
  const name = file?.split("_")[0];
  return file && sha256 && name ? { name, file, sha256 } : undefined;
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(folder, entry.name));
}
