import { readdir, readFile, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { BothyError } from "../../errors.ts";
import { CommandError, ensureFolder, run } from "../../system/index.ts";
import { memberName } from "./metadata.ts";

/** The files of an archive that a box may be made of. */
export interface BoxMembers {
  /** The text of metadata.json; `undefined` when the archive has none. */
  readonly metadata?: string | undefined;
  /** Where the content of each regular file is, by its name without `./`. */
  readonly files: ReadonlyMap<string, string>;
}

const LONGEST_METADATA = 1 << 20;

/**
 * tar runs it once for each regular file, content on stdin. Nothing is ever written to a path from the archive:
 * contents are numbered, and names are text. Links, devices and folders get no run. A file that says it is larger
 * than the room there is (archives that were made to burst) is not read at all.
 */
const KEEP = `
number=0
while [ -e "$FOLDER/$number.name" ]; do number=$((number + 1)); done
case $TAR_FILENAME in
Vagrantfile | ./Vagrantfile | info.json | ./info.json) exec cat >/dev/null ;;
esac
printf %s "$TAR_FILENAME" >"$FOLDER/$number.name"
if [ "$TAR_SIZE" -gt "$ROOM" ]; then
  printf '%s %s' "$TAR_SIZE" "$TAR_FILENAME" >"$FOLDER/too-large"
  exit 1
fi
exec dd of="$FOLDER/$number.data" bs=1M iflag=fullblock conv=sparse status=none
`;

/**
 * Takes the regular files out of a `.box` (tar, also compressed and sparse) into `folder`, in one pass.
 * @throws BothyError `BOX_INVALID` for an archive that cannot be read to its end, `ARCHIVE_REFUSED`, `DISK_FULL`, `INTERRUPTED`.
 */
export async function unpackBox(
  file: string,
  title: string,
  folder: string,
  signal?: AbortSignal,
): Promise<BoxMembers> {
  await ensureFolder(folder);
  const { bavail, bsize } = await statfs(folder);
  const env = { FOLDER: folder, ROOM: String(bavail * bsize), KEEP };
  const command = 'sh -c "$KEEP"';
  await run(
    [
      "setpriv",
      "--pdeathsig",
      "KILL",
      "--",
      "tar",
      "--extract",
      "--force-local",
      "--file",
      file,
      `--to-command=${command}`,
    ],
    {
      env,
      signal,
    },
  ).catch((error: unknown) => explain(error, title, folder));
  return readMembers(folder, title);
}

async function readMembers(folder: string, title: string): Promise<BoxMembers> {
  const files = new Map<string, string>();
  const numbers = (await readdir(folder)).filter((name) => name.endsWith(".name"));
  for (const number of numbers.map((name) => Number.parseInt(name, 10)).sort((a, b) => a - b)) {
    const name = memberName(await readFile(join(folder, `${number}.name`), "utf8"));
    files.set(name, join(folder, `${number}.data`)); // a later one of the same name wins, as in every tar
  }
  const metadata = files.get("metadata.json");
  if (metadata === undefined) return { files };
  if ((await stat(metadata)).size > LONGEST_METADATA) {
    throw new BothyError(
      "BOX_INVALID",
      `\`${title}\` is no box: its metadata.json is larger than a megabyte`,
    );
  }
  return { files, metadata: await readFile(metadata, "utf8") };
}

async function explain(error: unknown, title: string, folder: string): Promise<never> {
  if (!(error instanceof CommandError)) throw error;
  const large = await readFile(join(folder, "too-large"), "utf8").catch(() => undefined);
  if (large !== undefined) {
    const [bytes = "", name = ""] = large.split(/ (.*)/s);
    throw new BothyError(
      "DISK_FULL",
      `\`${name}\` in \`${title}\` has ${bytes} bytes: there is not that much room`,
      {
        hints: [`df -h ${folder}`, "`bothy gc` and `bothy box remove NAME` free space"],
        cause: error,
      },
    );
  }
  const climbing = /^tar: (.*): Member name contains '\.\.'$/m.exec(error.result.stderr)?.[1];
  if (climbing !== undefined) {
    throw new BothyError(
      "ARCHIVE_REFUSED",
      `\`${title}\` has the entry \`${climbing}\`: no box has a reason for it`,
      {
        hints: ["it was made to write outside of its place: nothing of it was used"],
        cause: error,
      },
    );
  }
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < 4 << 20) {
    throw new BothyError("DISK_FULL", `no space left while unpacking \`${title}\``, {
      hints: [`df -h ${folder}`],
      cause: error,
    });
  }
  throw new BothyError("BOX_INVALID", `\`${title}\` cannot be unpacked: ${lastLine(error)}`, {
    hints: ["the file may be cut short or damaged: fetch it again"],
    cause: error,
  });
}

function lastLine(error: CommandError): string {
  const lines = error.result.stderr.trim().split("\n");
  return lines.find((line) => !/Exiting|Removing leading/.test(line)) ?? error.message;
}
