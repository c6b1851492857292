import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

/** A static file server on loopback. */
export interface FileServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** What was asked for, as `METHOD /path`. */
  readonly asked: string[];
}

/** Serves the files of a folder with marks that tell their versions; no ranges. */
export async function serveFiles(folder: string): Promise<FileServer> {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const path = join(folder, decodeURIComponent(request.url ?? ""));
    const stats = await stat(path).catch(() => undefined);
    if (!stats?.isFile()) return void response.writeHead(404).end();
    const modified = stats.mtime.toUTCString();
    response.writeHead(200, { "content-length": stats.size, "last-modified": modified });
    if (request.method === "HEAD") response.end();
    else createReadStream(path).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
