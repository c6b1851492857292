/** A file or folder of an archive; a folder has no content. */
export interface ArchiveEntry {
  readonly path: string;
  readonly mode: number;
  readonly content?: Uint8Array | undefined;
}

const FILE = 0o100000;
const FOLDER = 0o040000;

/**
 * A cpio archive as the kernel unpacks it (newc). The same entries give the same bytes: sorted, owned by root,
 * mtime 0. Not compressed: QEMU hands it over in no time, and the guest's CPU is the slow one.
 */
export function archive(entries: readonly ArchiveEntry[]): Buffer {
  const sorted = [...withParents(entries)].sort((a, b) => (a.path < b.path ? -1 : 1));
  const records = sorted.map((entry, index) => record(entry, index + 1));
  return Buffer.concat([...records, record({ path: "TRAILER!!!", mode: 0 }, 0)]);
}

/** Every folder on the way to an entry has to be in the archive before it. */
function withParents(entries: readonly ArchiveEntry[]): Iterable<ArchiveEntry> {
  const all = new Map<string, ArchiveEntry>();
  for (const { path } of entries) {
    const parts = path.split("/");
    for (let depth = 1; depth < parts.length; depth++) {
      const parent = parts.slice(0, depth).join("/");
      all.set(parent, { path: parent, mode: 0o755 });
    }
  }
  for (const entry of entries) all.set(entry.path, entry);
  return all.values();
}

function record({ path, mode, content }: ArchiveEntry, inode: number): Buffer {
  const type = mode === 0 ? 0 : content ? FILE : FOLDER;
  const size = content?.length ?? 0;
  const fields = [inode, type | mode, 0, 0, 1, 0, size, 0, 0, 0, 0, path.length + 1, 0];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}${path}\0`;
  return Buffer.concat([padded(Buffer.from(header, "latin1")), padded(content ?? Buffer.alloc(0))]);
}

/** Everything in the archive starts at a multiple of four. */
function padded(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}
