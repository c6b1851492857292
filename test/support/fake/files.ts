import { posix } from "node:path";

/** A file system in memory: absolute paths, files and folders, nothing else. */
export class FakeFiles {
  readonly #files = new Map<string, Buffer>();
  readonly #folders = new Set(["/"]);

  readonly capacityMiB: number;

  constructor(folders: readonly string[], capacityMiB: number) {
    for (const folder of folders) this.makeFolder(folder);
    this.capacityMiB = capacityMiB;
  }

  read(path: string): Buffer | undefined {
    return this.#files.get(posix.normalize(path));
  }

  write(path: string, content: Buffer): void {
    const clean = posix.normalize(path);
    this.makeFolder(posix.dirname(clean));
    this.#files.set(clean, content);
  }

  remove(path: string): boolean {
    return this.#files.delete(posix.normalize(path));
  }

  isFolder(path: string): boolean {
    return this.#folders.has(trimmed(path));
  }

  makeFolder(path: string): void {
    const clean = trimmed(path);
    this.#folders.add(clean);
    if (clean !== "/") this.makeFolder(posix.dirname(clean));
  }

  /** Everything at or below a path, folders first. */
  tree(path: string): { path: string; content?: Buffer }[] {
    const clean = trimmed(path);
    const below = (one: string) => one === clean || one.startsWith(`${clean}/`);
    return [
      ...[...this.#folders].filter(below).map((folder) => ({ path: folder })),
      ...[...this.#files].filter(([file]) => below(file)).map(([file, content]) => ({ path: file, content })),
    ];
  }
}

function trimmed(path: string): string {
  const clean = posix.normalize(path);
  return clean.length > 1 && clean.endsWith("/") ? clean.slice(0, -1) : clean;
}
