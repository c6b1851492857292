import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { Clock } from "../../src/system/index.ts";

/** One request as it came. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** A server of the test's own on loopback. */
export interface TestServer extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly requests: readonly SeenRequest[];
  /** Makes it a proxy for tunnels. */
  onConnect(handler: (request: IncomingMessage, socket: Duplex) => void): void;
}

/** Answers one request; `number` counts them from 0. */
export type Handler = (request: IncomingMessage, response: ServerResponse, number: number) => void;

/** Starts it; connections are cut when it is disposed. */
export async function serveHttp(handler: Handler): Promise<TestServer> {
  const requests: SeenRequest[] = [];
  const tunnels = new Set<Duplex>();
  const server = createServer((request, response) => {
    const { method = "", url = "", headers } = request;
    requests.push({ method, path: url, headers });
    handler(request, response, requests.length - 1);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    ...{ host, url: `http://${host}`, requests },
    onConnect: (handle) => {
      server.on("connect", (request, socket) => {
        tunnels.add(socket);
        handle(request, socket);
      });
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      for (const tunnel of tunnels) tunnel.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** Sends content as a good file server does: with Range, If-Range and a size. */
export function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  content: Buffer,
  etag = '"1"',
): void {
  const { range, "if-range": condition } = request.headers;
  const from = Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? Number.NaN);
  response.setHeader("etag", etag);
  if (Number.isNaN(from) || (condition !== undefined && condition !== etag)) {
    response.writeHead(200, { "content-length": content.length, "content-type": "application/x-test" });
    response.end(content);
  } else if (from >= content.length) {
    response.writeHead(416, { "content-range": `bytes */${content.length}` }).end();
  } else {
    const place = `bytes ${from}-${content.length - 1}/${content.length}`;
    response.writeHead(206, { "content-range": place, "content-length": content.length - from });
    response.end(content.subarray(from));
  }
}

/** Announces all of it, sends this many bytes, and cuts the connection. */
export function breakAfter(response: ServerResponse, content: Buffer, bytes: number): void {
  response.writeHead(200, { "content-length": content.length, etag: '"1"' });
  response.write(content.subarray(0, bytes), () => setTimeout(() => response.destroy(), 20));
}

/** A clock whose waits take no time and are remembered. */
export function fakeClock(): Clock & { readonly slept: number[] } {
  const slept: number[] = [];
  return {
    slept,
    now: () => slept.reduce((sum, ms) => sum + ms, 0),
    sleep: async (ms) => void slept.push(Math.round(ms)),
  };
}
