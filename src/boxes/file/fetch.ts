import { rm } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { BothyError } from "../../errors.ts";
import { type Layout, lock, readIfExists, statIfExists, writeJson } from "../../system/index.ts";
import { digestOfText } from "../digest.ts";
import { type Checksum, download, formatBytes, send, verifyFile } from "../download/index.ts";

/** How a file is had. */
export interface FetchOptions {
  readonly checksum?: Checksum | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly report?: ((line: string) => void) | undefined;
}

/** A file on this host. Disposing lets others have the download; it stays for the next try until `done`. */
export interface Fetched extends AsyncDisposable {
  readonly path: string;
  /** What it is called: the path as the user wrote it, or the URL without what may be secret. */
  readonly title: string;
  /** A URL or an absolute path; what it refers to is relative to this. */
  readonly location: string;
  /** It is a box now: a download is removed, a file of the user's stays. */
  done(): Promise<void>;
}

const REPORT_MS = 1000;

/** Whether it is fetched over the network. */
export function isRemote(location: string): boolean {
  return /^https?:\/\//i.test(location);
}

/** An absolute path or URL for what a user or a catalog wrote. @throws BothyError `USAGE` for other kinds of URLs. */
export function locate(text: string, cwd: string): string {
  if (isRemote(text)) return text;
  if (/^file:\/\//i.test(text)) return fileURLToPath(text);
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return resolve(cwd, text);
  throw new BothyError("USAGE", `\`${text}\` cannot be fetched`, {
    hints: ["files are fetched from https://, http:// and file:// URLs"],
  });
}

/**
 * A file at its place on this host, or downloaded; its checksum is verified when there is one. A download that was
 * complete when something after it failed is not fetched again while the server still has the same.
 * @throws BothyError `BOX_UNKNOWN` for a file that is not there, `CHECKSUM_MISMATCH`, and as `download`.
 */
export async function fetchFile(layout: Layout, location: string, options: FetchOptions): Promise<Fetched> {
  if (isRemote(location)) return fetchRemote(layout, location, options);
  if (!(await statIfExists(location))) {
    throw new BothyError("BOX_UNKNOWN", `there is no file \`${location}\``, {
      hints: [`ls -l ${resolve(location, "..")}`],
    });
  }
  if (options.checksum) await verifyFile(location, options.checksum, options.signal);
  return {
    path: location,
    title: location,
    location,
    done: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
}

async function fetchRemote(layout: Layout, url: string, options: FetchOptions): Promise<Fetched> {
  const { checksum, signal, report } = options;
  const title = shown(url);
  const name = digestOfText(url).slice(0, 32);
  const target = join(layout.downloads(), name);
  const held = await lock(layout.lock(`fetch-${name}`), {
    signal,
    onWait: (holder) =>
      report?.(
        `waiting for ${holder ? `process ${holder.pid}` : "another process"}, which uses the same download`,
      ),
  });
  try {
    const mark = checksum ? undefined : await serverMark(url, signal);
    const before = mark === undefined ? undefined : await readIfExists(`${target}.mark`);
    if (mark === undefined || before?.trim() !== JSON.stringify(mark) || !(await statIfExists(target))) {
      await rm(`${target}.mark`, { force: true });
      report?.(`downloading ${title}`);
      const onBytes = report && byteReport(title, report);
      await download({ url, target, expect: { checksum }, signal, onBytes });
      if (mark !== undefined) await writeJson(`${target}.mark`, mark);
    } else report?.(`${title} was downloaded before`);
  } catch (error) {
    await held[Symbol.asyncDispose]();
    throw error;
  }
  const done = async () => {
    for (const path of [target, `${target}.mark`]) await rm(path, { force: true });
  };
  return {
    path: target,
    title,
    location: url,
    done,
    [Symbol.asyncDispose]: () => held[Symbol.asyncDispose](),
  };
}

/** What tells one version of a file on a server from another; `undefined` when the server does not tell. */
async function serverMark(url: string, signal?: AbortSignal): Promise<string | undefined> {
  const answer = await send({ url, method: "HEAD", signal, retries: false }).catch(() => undefined);
  answer?.body.destroy();
  if (answer?.status !== 200) return undefined;
  const { etag, "last-modified": modified, "content-length": length } = answer.headers;
  return etag || modified ? [etag, modified, length].join(" ") : undefined;
}

function byteReport(title: string, report: (line: string) => void): (bytes: number) => void {
  let total = 0;
  let last = Date.now();
  return (bytes) => {
    total += bytes;
    if (Date.now() - last < REPORT_MS) return;
    last = Date.now();
    report(`downloading ${title}: ${formatBytes(total)}`);
  };
}

function shown(url: string): string {
  const { pathname, host } = new URL(url);
  return basename(pathname) ? `${host}${pathname}` : host;
}
