import { BothyError } from "../../errors.ts";
import type { ArchiveEntry } from "../artefact-initramfs.ts";

const MAGIC = "070701";
const HEADER_BYTES = 110;
const TYPE = 0o170000;
const FOLDER = 0o040000;
const END = "TRAILER!!!";

/** The entries of an archive that `archive` made. @throws BothyError `BOX_BUILD_FAILED` for anything else. */
export function readArchive(bytes: Buffer): ArchiveEntry[] {
  const entries: ArchiveEntry[] = [];
  for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
    if (bytes.toString("latin1", at, at + 6) !== MAGIC) break;
    const field = (index: number) =>
      Number.parseInt(bytes.toString("latin1", at + 6 + index * 8, at + 14 + index * 8), 16);
    const [mode, size, nameBytes] = [field(1), field(6), field(11)];
    const nameAt = at + HEADER_BYTES;
    const path = bytes.toString("latin1", nameAt, nameAt + nameBytes - 1);
    if (path === END) return entries;
    const contentAt = aligned(nameAt + nameBytes);
    const isFolder = (mode & TYPE) === FOLDER;
    const content = bytes.subarray(contentAt, contentAt + size);
    entries.push({ path, mode: mode & 0o7777, ...(isFolder ? {} : { content }) });
    at = aligned(contentAt + size);
  }
  throw new BothyError("BOX_BUILD_FAILED", "the kernel's initramfs cannot be read", {
    hints: ["build it again: `bothy box build --force debian/12`"],
  });
}

function aligned(at: number): number {
  return Math.ceil(at / 4) * 4;
}
