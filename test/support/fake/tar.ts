import { posix } from "node:path";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { extract, pack } from "tar-stream";
import type { FakeFiles } from "./files.ts";
import type { Io } from "./process.ts";

/** `tar -c -C DIR NAME` and `tar -x -C DIR` over a fake machine's files. */
export async function runTar(io: Io, files: FakeFiles): Promise<number> {
  const folder = posix.resolve(io.cwd, io.argv[io.argv.indexOf("-C") + 1] ?? ".");
  if (!files.isFolder(folder)) {
    await io.err(`tar: can't change directory to '${folder}'\n`);
    return 1;
  }
  return io.argv.includes("-x") ? unpack(io, files, folder) : create(io, files, folder);
}

async function create(io: Io, files: FakeFiles, folder: string): Promise<number> {
  const entries = files.tree(posix.join(folder, io.argv.at(-1) ?? ""));
  if (entries.length === 0) {
    await io.err(`tar: ${io.argv.at(-1)}: No such file or directory\n`);
    return 1;
  }
  const archive = pack();
  for (const { path, content } of entries) {
    const name = posix.relative(folder, path);
    if (content) archive.entry({ name, size: content.length }, content);
    else archive.entry({ name, type: "directory" });
  }
  archive.finalize();
  await io.out(await buffer(archive));
  return 0;
}

async function unpack(io: Io, files: FakeFiles, folder: string): Promise<number> {
  const reader = extract();
  reader.on("entry", (header, stream, next) => {
    const path = posix.join(folder, header.name);
    buffer(stream).then((content) => {
      if (header.type === "directory") files.makeFolder(path);
      else files.write(path, content);
      next();
    }, next);
  });
  await io.until(pipeline(io.stdin, reader));
  return 0;
}
