import type { BoxLayer } from "../box.ts";

/** One tar, wherever it lies. */
export interface TarInput {
  /** For people: `docker.io/library/nginx:1.27, layer 3`, `rootfs.tar.xz`. */
  readonly title: string;
  /** sha256 of the uncompressed tar, in hex; verified when given. */
  readonly diffId?: string | undefined;
  /** The bytes, plain or packed with gzip, zstd, xz or bzip2; the content tells. Called at most once an import. */
  open(): Promise<NodeJS.ReadableStream>;
}

/**
 * The layers under a new one, bottom first. A promise lets the layers of one image be converted side by side: it is
 * waited for only when the layer cannot be told without them.
 */
export type Below = readonly BoxLayer[] | Promise<readonly BoxLayer[]>;

/** How a tar is imported. */
export interface LayerOptions {
  readonly below: Below;
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of uncompressed bytes that were read since the last call. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/** What the layers together have at a path. */
export interface Found {
  readonly type: "file" | "directory" | "symlink" | "other";
  /** Permission bits with setuid, setgid and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}
