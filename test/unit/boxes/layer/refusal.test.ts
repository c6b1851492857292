import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Budget } from "../../../../src/boxes/layer/budget.ts";
import { explainRefusal, Refusal, showName } from "../../../../src/boxes/layer/refusal.ts";
import type { TarEntry } from "../../../../src/boxes/layer/tar/reader.ts";
import { tempHome } from "../../../support/temp-home.ts";
import { type Entry, entryBytes, header, importBytes, paxHeader, tar } from "./support.ts";

const deep = `${"d/".repeat(1100)}x`;
const oldSparse = (patch: (block: Buffer) => void): Entry => ({ name: "holes", type: "S", data: "x", patch });
const octal = (block: Buffer, at: number, value: number) =>
  block.write(value.toString(8).padStart(11, "0"), at, "latin1");

/** title -> [the archive's entries, what the message says]. The last entry is the refused one unless named. */
const HOSTILE: Record<string, [entries: Entry[], says: string]> = {
  "a name that leads outside": [[{ name: "../evil" }], "`../evil` has a name that leads outside"],
  "a name that leads outside later": [[{ name: "a/../../evil" }], "leads outside"],
  "a name that leads outside and back": [[{ name: "a/../b" }], "leads outside"],
  "an absolute name": [[{ name: "/etc/passwd" }], "`/etc/passwd` has a name that is absolute"],
  "an absolute name in a pax header": [[{ name: "x", pax: { path: "/etc/passwd" } }], "is absolute"],
  "a NUL in a name": [[{ name: "x", pax: { path: "a\0b" } }], "has a NUL"],
  "no name": [[{ name: "" }], "is empty"],
  "a root that is a file": [[{ name: "./" + "." }], "is the root, but no directory"],
  "a name with too long a part": [[{ name: "x", pax: { path: "y".repeat(256) } }], "more than 255 bytes"],
  "a name that is too deep": [[{ name: "x", pax: { path: deep } }], "too long or too deep"],
  "a symbolic link as a parent": [
    [
      { name: "link", type: "2", link: "/etc" },
      { name: "link/passwd", data: "root" },
    ],
    "`link/passwd` has the symbolic link `link` as a parent",
  ],
  "a symbolic link as a parent of a directory": [
    [
      { name: "link", type: "2", link: ".." },
      { name: "link/dir", type: "5" },
    ],
    "as a parent",
  ],
  "a file as a parent": [[{ name: "file" }, { name: "file/x" }], "has the file `file` as a parent"],
  "a whiteout behind a symbolic link": [
    [{ name: "link", type: "2", link: "/" }, { name: "link/.wh.etc" }],
    "as a parent",
  ],
  "an opaque mark behind a symbolic link": [
    [{ name: "link", type: "2", link: "/" }, { name: "link/.wh..wh..opq" }],
    "as a parent",
  ],
  "a hard link that leads outside": [[{ name: "x", type: "1", link: "../etc/shadow" }], "leads outside"],
  "an absolute hard link": [
    [{ name: "x", type: "1", link: "/etc/shadow" }],
    "hard link to a name that is absolute",
  ],
  "a hard link through a symbolic link": [
    [
      { name: "link", type: "2", link: "/etc" },
      { name: "x", type: "1", link: "link/shadow" },
    ],
    "leads through a link",
  ],
  "a hard link to nothing": [
    [{ name: "x", type: "1", link: "y" }, { name: "y" }],
    "`x` is a hard link to `y`",
  ],
  "a hard link to itself": [[{ name: "x", type: "1", link: "x" }], "to itself"],
  "a hard link to a directory": [
    [
      { name: "d", type: "5" },
      { name: "x", type: "1", link: "d" },
    ],
    "to a directory",
  ],
  "a hard link to a whiteout": [[{ name: "x", type: "1", link: ".wh.y" }], "to a whiteout"],
  "a whiteout of nothing": [[{ name: "a/.wh." }], "`a/.wh.` is a whiteout of nothing"],
  "a whiteout of the parent": [[{ name: "a/.wh..." }], "is a whiteout of nothing"],
  "something inside a whiteout": [[{ name: ".wh.a/b" }], "is inside a whiteout"],
  "the device 0:0": [[{ name: "dev/x", type: "3" }], "`dev/x` is the device 0:0"],
  "an absurd device": [[{ name: "dev/x", type: "4", major: 4096, minor: 0 }], "absurd device"],
  "a symbolic link to nothing": [[{ name: "x", type: "2" }], "symbolic link"],
  "an unknown type": [[{ name: "x", type: "Z" }], "unknown type `Z`"],
  "a part of a multi-volume archive": [[{ name: "x", type: "M" }], "unknown type"],
  "a number that is none": [
    [{ name: "x", patch: (block) => block.write("zz", 108) && undefined }],
    "that is none",
  ],
  "an absurd number": [
    [{ name: "x", patch: (block) => block.fill(0x7f, 124, 136).writeUInt8(0x80, 124) }],
    "absurd",
  ],
  "a negative size": [[{ name: "x", patch: (block) => block.fill(0xff, 124, 136) }], "has -1 bytes"],
  "an absurd owner": [[{ name: "x", pax: { uid: "4294967295" } }], "absurd id"],
  "an absurd time": [[{ name: "x", pax: { mtime: "yesterday" } }], "absurd time"],
  "a size in words": [[{ name: "x", pax: { size: "1e3" } }], "has `1e3` as its size"],
  "attributes that fit nowhere": [
    [{ name: "x", pax: { "SCHILY.xattr.user.a": "v".repeat(70_000) } }],
    "too many extended attributes",
  ],
  "attributes that do not fit at the root": [
    [{ name: "./", type: "5", pax: { "SCHILY.xattr.user.a": "v".repeat(4000) } }],
    "too many extended attributes",
  ],
  "holes that overlap": [
    [
      oldSparse((block) => {
        for (const at of [386, 398]) octal(block, at, at === 386 ? 10 : 1);
        octal(block, 483, 5);
      }),
    ],
    "map of holes",
  ],
  "a hole of petabytes": [
    [
      oldSparse((block) => {
        octal(block, 386, 0);
        octal(block, 398, 1);
        block.writeUInt8(0x80, 483);
        block.writeUIntBE(2 ** 40, 489, 6);
      }),
    ],
    "holes to 64 GiB",
  ],
};

describe("a hostile archive", () => {
  it.each(Object.entries(HOSTILE))("with %s is refused", async (_title, [entries, says]) => {
    await using home = await tempHome();
    const attempt = importBytes(home.layout, tar(...entries));
    await expect(attempt).rejects.toMatchObject({
      code: "ARCHIVE_REFUSED",
      message: expect.stringContaining(says),
    });
    expect(await readdir(home.layout.temporary())).toEqual([]);
    expect(await readdir(home.folder)).toEqual(["home"]);
  });

  const file = entryBytes({ name: "file", data: "x".repeat(2000) });
  const BROKEN: Record<string, [bytes: Buffer, says: string]> = {
    "is none": [Buffer.from("PK\x03\x04".padEnd(600, "zip")), "checksum"],
    "ends in a header": [Buffer.concat([file, file.subarray(0, 100)]), "truncated"],
    "ends in the data": [file.subarray(0, 1000), "truncated"],
    "has no end mark": [file, "truncated"],
    "ends after an extended header": [paxHeader("x", { path: "a" }), "ends after an extended header"],
    "has entries after a zero block": [Buffer.concat([Buffer.alloc(512), file]), "zero block"],
    "has a damaged header": [Buffer.concat([Buffer.from("f1LE"), file.subarray(4)]), "checksum"],
    "names all entries": [
      Buffer.concat([paxHeader("g", { path: "a" }), file]),
      "gives all entries one `path`",
    ],
    "has a huge extended header": [
      header({ name: "pax", type: "x" }, 2 << 20),
      "extended header of 2097152 bytes",
    ],
    "has damaged records": [
      Buffer.concat([header({ name: "pax", type: "x" }, 512), Buffer.alloc(512, "9")]),
      "extended header that is damaged",
    ],
  };

  it.each(Object.entries(BROKEN))("that %s is refused", async (_title, [bytes, says]) => {
    await using home = await tempHome();
    await expect(importBytes(home.layout, bytes)).rejects.toMatchObject({
      code: "ARCHIVE_REFUSED",
      message: expect.stringContaining(says),
    });
    expect(await readdir(home.layout.temporary())).toEqual([]);
  });

  it("that is larger than the disk is told before its data is read", async () => {
    await using home = await tempHome();
    const entry = { name: "bomb", type: "file", storedBytes: 2 ** 50, size: 2 ** 50 } as TarEntry;
    const budget = await Budget.of(home.folder);
    expect(() => budget.count(entry)).toThrow(expect.objectContaining({ code: "DISK_FULL" }));
    (await Budget.of(home.folder)).count({ ...entry, storedBytes: 1, size: 1 });
  });

  it("is shown without what would move the cursor", () => {
    expect(showName("a\x1b[2Jb\n\u202e")).toBe("a\\u{1b}[2Jb\\u{a}.".replace(".", showName("\u202e")));
    expect(showName(Buffer.from("grün").toString("latin1"))).toBe("grün");
    const other = new Error("another");
    expect(explainRefusal(other, "x")).toBe(other);
    expect(explainRefusal(new Refusal("is bad", "a"), join("x", "y"))).toMatchObject({
      message: "`x/y` is refused: its entry `a` is bad",
    });
  });
});
