import { createReadStream, createWriteStream } from "node:fs";
import { appendFile, mkdir, open, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { BLOCK, padding, plainHeader } from "./tar-header.ts";

/** Where the files of an image go: a folder, or a tar. */
export interface Sink {
  /** A folder on the target's file system, for what is being made. */
  readonly scratch: string;
  /** Takes a file over: it is gone from where it was. */
  take(name: string, file: string, sizeBytes: number): Promise<void>;
  write(name: string, text: string): Promise<void>;
  finish(): Promise<void>;
}

/** A folder that does not exist yet. */
export async function folderSink(folder: string): Promise<Sink> {
  await mkdir(folder);
  const place = async (name: string) => {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    return path;
  };
  return {
    scratch: folder,
    take: async (name, file) => rename(file, await place(name)),
    write: async (name, text) => writeFile(await place(name), text),
    finish: async () => {},
  };
}

/** A tar that does not exist yet; `scratch` is a folder beside it. The same files give the same bytes. */
export async function tarSink(path: string, scratch: string): Promise<Sink> {
  const file = await open(path, "wx");
  await file.close();
  const folders = new Set<string>();
  const enter = async (name: string) => {
    for (let slash = name.indexOf("/"); slash > 0; slash = name.indexOf("/", slash + 1)) {
      const folder = name.slice(0, slash + 1);
      if (!folders.has(folder)) await appendFile(path, plainHeader(folder, 0, 0o755));
      folders.add(folder);
    }
  };
  return {
    scratch,
    take: async (name, source, sizeBytes) => {
      await enter(name);
      await appendFile(path, plainHeader(name, sizeBytes));
      await pipeline(createReadStream(source), createWriteStream(path, { flags: "a" }));
      await appendFile(path, padding(sizeBytes));
      await rm(source);
    },
    write: async (name, text) => {
      const bytes = Buffer.from(text);
      await enter(name);
      await appendFile(path, Buffer.concat([plainHeader(name, bytes.length), bytes, padding(bytes.length)]));
    },
    finish: () => appendFile(path, Buffer.alloc(2 * BLOCK)),
  };
}
