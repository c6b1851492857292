import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type DownloadRequest, download, transfer } from "../../../src/boxes/download/index.ts";
import { asset } from "../../../src/system/index.ts";
import { breakAfter, fakeClock, type Handler, sendFile, serveHttp } from "../../support/http-server.ts";
import { digestOf } from "../../support/oci-layout.ts";
import { sourceProgram } from "../../support/source-process.ts";
import { type TempHome, tempHome } from "../../support/temp-home.ts";

const CONTENT = randomBytes(300_000);
const SHA256 = { algorithm: "sha256", hex: digestOf(CONTENT).slice(7) } as const;
const EXPECT = { size: CONTENT.length, checksum: SHA256 };

/** Serves by `handler` and downloads from it, with a clock that does not wait. */
async function fetchFrom(home: TempHome, handler: Handler, request: Partial<DownloadRequest> = {}) {
  await using server = await serveHttp(handler);
  const target = join(home.folder, "file");
  const clock = fakeClock();
  let counted = 0;
  const onBytes = (bytes: number) => {
    counted += bytes;
  };
  const outcome = await download({ url: `${server.url}/f`, target, onBytes, ...request }, clock).catch(
    (error) => ({
      error,
    }),
  );
  const ranges = server.requests.map(({ headers }) => headers.range);
  return {
    outcome,
    target,
    ranges,
    counted,
    slept: clock.slept,
    requests: server.requests,
    host: server.host,
  };
}

/** Digests: the difference of two buffers fills screens. */
const content = async (target: string) => digestOf(await readFile(target));
const sizeOf = async (path: string) => (await stat(path)).size;

describe("download", () => {
  it("brings a file with its type and size, and counts its bytes", async () => {
    await using home = await tempHome();
    const { outcome, target, counted } = await fetchFrom(home, (q, s) => sendFile(q, s, CONTENT));
    expect(outcome).toEqual({ path: target, contentType: "application/x-test", bytes: CONTENT.length });
    expect(await content(target)).toBe(digestOf(CONTENT));
    expect(counted).toBe(CONTENT.length);
    expect((await readdir(home.folder)).filter((name) => name.startsWith("file"))).toEqual(["file"]);
  });

  it("does not fetch again what is there and is right", async () => {
    await using home = await tempHome();
    await writeFile(join(home.folder, "file"), CONTENT);
    const { outcome, requests, counted } = await fetchFrom(home, (q, s) => sendFile(q, s, CONTENT), {
      expect: EXPECT,
    });
    expect([outcome, requests.length, counted]).toMatchObject([{ bytes: CONTENT.length }, 0, CONTENT.length]);
  });

  it("fetches again what is there and is wrong", async () => {
    await using home = await tempHome();
    await writeFile(join(home.folder, "file"), "something else");
    const { target } = await fetchFrom(home, (q, s) => sendFile(q, s, CONTENT), { expect: EXPECT });
    expect(await content(target)).toBe(digestOf(CONTENT));
  });

  it("goes on where an earlier run stopped", async () => {
    await using home = await tempHome();
    await writeFile(join(home.folder, "file.part"), CONTENT.subarray(0, 100_000));
    const { target, ranges, counted } = await fetchFrom(home, (q, s) => sendFile(q, s, CONTENT), {
      expect: EXPECT,
    });
    expect(ranges).toEqual(["bytes=100000-"]);
    expect(await content(target)).toBe(digestOf(CONTENT));
    expect(counted).toBe(CONTENT.length);
  });

  it("asks nothing when the whole part is there already", async () => {
    await using home = await tempHome();
    await writeFile(join(home.folder, "file.part"), CONTENT);
    const { target, requests } = await fetchFrom(home, (q, s) => sendFile(q, s, CONTENT), { expect: EXPECT });
    expect(requests).toEqual([]);
    expect(await content(target)).toBe(digestOf(CONTENT));
  });

  it("starts again when an old part turns out to be wrong", async () => {
    await using home = await tempHome();
    await writeFile(join(home.folder, "file.part"), randomBytes(100_000));
    const { target, ranges, counted } = await fetchFrom(home, (q, s) => sendFile(q, s, CONTENT), {
      expect: EXPECT,
    });
    expect(ranges).toEqual(["bytes=100000-", undefined]);
    expect(await content(target)).toBe(digestOf(CONTENT));
    expect(counted).toBe(CONTENT.length);
  });

  it("starts again when an old part is too long", async () => {
    await using home = await tempHome();
    await writeFile(join(home.folder, "file.part"), Buffer.concat([CONTENT, CONTENT]));
    const { target, ranges, counted } = await fetchFrom(home, (q, s) => sendFile(q, s, CONTENT), {
      expect: EXPECT,
    });
    expect([ranges, counted]).toEqual([[undefined], CONTENT.length]);
    expect(await content(target)).toBe(digestOf(CONTENT));
  });

  it("goes on in the middle when the connection breaks, again and again while something comes", async () => {
    await using home = await tempHome();
    const handler: Handler = (request, response, number) => {
      const from = Number(/\d+/.exec(request.headers.range ?? "0")?.[0]);
      if (number > 6) return sendFile(request, response, CONTENT);
      const place = `bytes ${from}-${CONTENT.length - 1}/${CONTENT.length}`;
      response.writeHead(from ? 206 : 200, { ...(from ? { "content-range": place } : {}), etag: '"1"' });
      response.write(CONTENT.subarray(from, from + 20_000), () => setTimeout(() => response.destroy(), 20));
    };
    const { target, ranges } = await fetchFrom(home, handler, { expect: EXPECT });
    expect(ranges).toEqual([
      undefined,
      ...[20, 40, 60, 80, 100, 120, 140].map((kilo) => `bytes=${kilo}000-`),
    ]);
    expect(await content(target)).toBe(digestOf(CONTENT));
  });

  it("starts again from the front with a server that knows no Range", async () => {
    await using home = await tempHome();
    await writeFile(join(home.folder, "file.part"), CONTENT.subarray(0, 100_000));
    const handler: Handler = (_, response) => void response.end(CONTENT);
    const { target, counted, ranges } = await fetchFrom(home, handler, { expect: EXPECT });
    expect([ranges.length, counted]).toEqual([1, CONTENT.length]);
    expect(await content(target)).toBe(digestOf(CONTENT));
  });

  it.each([
    ["416", (s: Parameters<Handler>[1]) => s.writeHead(416, { "content-range": "bytes */5" }).end()],
    [
      "another place",
      (s: Parameters<Handler>[1]) => s.writeHead(206, { "content-range": "bytes 7-9/300000" }).end("x"),
    ],
    [
      "another size",
      (s: Parameters<Handler>[1]) => s.writeHead(206, { "content-range": "bytes 100000-9/8" }).end("x"),
    ],
    ["no place", (s: Parameters<Handler>[1]) => s.writeHead(206).end("x")],
  ])("starts again from the front when the server answers a Range with %s", async (_, answer) => {
    await using home = await tempHome();
    await writeFile(join(home.folder, "file.part"), CONTENT.subarray(0, 100_000));
    const handler: Handler = (q, s) => (q.headers.range ? void answer(s) : sendFile(q, s, CONTENT));
    const { target, ranges } = await fetchFrom(home, handler, { expect: EXPECT });
    expect(ranges).toEqual(["bytes=100000-", undefined]);
    expect(await content(target)).toBe(digestOf(CONTENT));
  });

  it("gives up when nothing comes any more, and keeps what came", async () => {
    await using home = await tempHome();
    const handler: Handler = (q, s) => {
      if (q.headers.range) return void q.socket.destroy();
      breakAfter(s, CONTENT, 50_000);
    };
    const { outcome, target } = await fetchFrom(home, handler, { expect: EXPECT });
    expect(outcome).toMatchObject({ error: { code: "DOWNLOAD_FAILED" } });
    expect(await sizeOf(`${target}.part`)).toBe(50_000);
    expect(existsSync(target)).toBe(false);
    const again = await fetchFrom(home, (q, s) => sendFile(q, s, CONTENT), { expect: EXPECT });
    expect(again.ranges).toEqual(["bytes=50000-"]);
  });

  it("gives up when bodies end early without being cut", async () => {
    await using home = await tempHome();
    const handler: Handler = (_, s) => void s.writeHead(200, { "transfer-encoding": "chunked" }).end("abc");
    const { outcome } = await fetchFrom(home, handler, { expect: EXPECT });
    expect(outcome).toMatchObject({
      error: { code: "DOWNLOAD_FAILED", message: expect.stringContaining("ended after 3 of 300000 bytes") },
    });
  });

  it("refuses another size before a byte is taken, and a longer body as soon as it is", async () => {
    await using home = await tempHome();
    const other = await fetchFrom(home, (q, s) => sendFile(q, s, Buffer.alloc(10)), { expect: EXPECT });
    expect(other.outcome).toMatchObject({
      error: {
        code: "CHECKSUM_MISMATCH",
        message: expect.stringMatching(/300000 bytes were promised.*has 10$/),
      },
    });
    const endless: Handler = (_, s) => {
      const more = () => void s.write(CONTENT, more);
      more();
    };
    const longer = await fetchFrom(home, endless, { expect: EXPECT });
    expect(longer.outcome).toMatchObject({ error: { code: "CHECKSUM_MISMATCH" } });
    expect(existsSync(longer.target)).toBe(false);
  });

  it("refuses other bytes, names both digests, and keeps nothing of them", async () => {
    await using home = await tempHome();
    const wrong = Buffer.alloc(CONTENT.length);
    const { outcome, target } = await fetchFrom(home, (q, s) => sendFile(q, s, wrong), { expect: EXPECT });
    const both = new RegExp(`${digestOf(wrong).slice(7)}, and ${SHA256.hex} was promised`);
    expect(outcome).toMatchObject({
      error: { code: "CHECKSUM_MISMATCH", message: expect.stringMatching(both) },
    });
    expect([existsSync(target), existsSync(`${target}.part`)]).toEqual([false, false]);
  });

  it("says before it starts when there is no room", async () => {
    await using home = await tempHome();
    const expectation = { ...EXPECT, size: 2 ** 52 };
    const { outcome, requests } = await fetchFrom(home, (q, s) => sendFile(q, s, CONTENT), {
      expect: expectation,
    });
    expect(outcome).toMatchObject({
      error: { code: "DISK_FULL", message: expect.stringMatching(/needs 4096 TiB, and only .* are free in/) },
    });
    expect(requests).toEqual([]);
  });

  it("says so too when only the server knows the size", async () => {
    await using home = await tempHome();
    const handler: Handler = (_, s) => void s.writeHead(200, { "content-length": 2 ** 52 }).write("x");
    const { outcome } = await fetchFrom(home, handler);
    expect(outcome).toMatchObject({ error: { code: "DISK_FULL" } });
  });

  it.each([
    [404, "is the URL spelled right?"],
    [403, "a login can be part of the URL: https://USER:PASSWORD@HOST/..."],
    [500, "try again later"],
  ])("fails with the server's status %s", async (status, hint) => {
    await using home = await tempHome();
    const { outcome } = await fetchFrom(home, (_, s) => void s.writeHead(status).end());
    expect(outcome).toMatchObject({
      error: {
        code: "DOWNLOAD_FAILED",
        message: expect.stringContaining(`answered ${status}`),
        hints: [hint],
      },
    });
  });

  it("never shows a login or a signature of the URL", async () => {
    await using home = await tempHome();
    await using server = await serveHttp((_, s) => void s.writeHead(403).end());
    const url = `http://robin:hush@${server.host}/f?sig=hush`;
    const failure = await download({ url, target: join(home.folder, "f") }).catch((error: Error) => error);
    expect(JSON.stringify([failure, String(failure)])).not.toContain("hush");
    expect(server.requests[0]?.headers.authorization).toBe(
      `Basic ${Buffer.from("robin:hush").toString("base64")}`,
    );
  });

  it("refuses what is no URL of the web", async () => {
    const failure = download({ url: "ftp://host/file", target: "/nowhere/f" });
    await expect(failure).rejects.toMatchObject({ code: "USAGE" });
  });

  it("is interrupted in the middle, and goes on later", async () => {
    await using home = await tempHome();
    const abort = new AbortController();
    const handler: Handler = (_, s) =>
      void s.writeHead(200, { "content-length": CONTENT.length }).write("0123456789");
    const onBytes = () => abort.abort();
    setTimeout(onBytes, 300);
    const { outcome, target } = await fetchFrom(home, handler, { expect: EXPECT, signal: abort.signal });
    expect(outcome).toMatchObject({ error: { code: "INTERRUPTED" } });
    expect(await sizeOf(`${target}.part`)).toBe(10);
  });

  it("is interrupted while it looks at what is there already", async () => {
    await using home = await tempHome();
    const target = join(home.folder, "file");
    await writeFile(target, CONTENT);
    const open = () => Promise.reject(new Error("nothing is to be fetched"));
    const work = transfer({ title: "it", target, expect: EXPECT, signal: AbortSignal.abort(), open });
    await expect(work).rejects.toMatchObject({ code: "INTERRUPTED" });
  });

  it("brings an empty file", async () => {
    await using home = await tempHome();
    const { outcome, target } = await fetchFrom(home, (_, s) => void s.end(), { expect: { size: 0 } });
    expect(outcome).toMatchObject({ bytes: 0 });
    expect(await sizeOf(target)).toBe(0);
  });
});

describe("download without a checksum", () => {
  it("goes on while the server says that the file is the same", async () => {
    await using home = await tempHome();
    let isDown = true;
    await using server = await serveHttp((q, s) => {
      if (!isDown) return sendFile(q, s, CONTENT);
      if (q.headers.range) return void q.socket.destroy();
      breakAfter(s, CONTENT, 50_000);
    });
    const request = { url: `${server.url}/f`, target: join(home.folder, "file") };
    await expect(download(request, fakeClock())).rejects.toMatchObject({ code: "DOWNLOAD_FAILED" });
    isDown = false;
    await download(request, fakeClock());
    expect(server.requests.at(-1)?.headers).toMatchObject({ range: "bytes=50000-", "if-range": '"1"' });
    expect(await content(request.target)).toBe(digestOf(CONTENT));
  });

  it("takes the new file whole when it has changed meanwhile", async () => {
    await using home = await tempHome();
    const next = randomBytes(200_000);
    await using server = await serveHttp((q, s, number) => {
      if (number === 0) return breakAfter(s, CONTENT, 50_000);
      sendFile(q, s, next, '"2"');
    });
    const target = join(home.folder, "file");
    await download({ url: `${server.url}/f`, target }, fakeClock());
    expect(await content(target)).toBe(digestOf(next));
  });

  it("does not trust a part of which nothing is known", async () => {
    await using home = await tempHome();
    await writeFile(join(home.folder, "file.part"), "from somewhere");
    const { target, ranges } = await fetchFrom(home, (q, s) => sendFile(q, s, CONTENT));
    expect(ranges).toEqual([undefined]);
    expect(await content(target)).toBe(digestOf(CONTENT));
  });
});

describe("two processes that want the same file", () => {
  it("fetch it once", async () => {
    await using home = await tempHome();
    await using server = await serveHttp((q, s) => void setTimeout(() => sendFile(q, s, CONTENT), 300));
    const target = join(home.folder, "file");
    for (const name of ["node_modules", "package.json"]) await symlink(asset(name), join(home.folder, name));
    const program = await sourceProgram(
      home.folder,
      `import { download } from "./src/boxes/download/index.ts";
       const [url, target, hex] = process.argv.slice(2);
       await download({ url, target, expect: { checksum: { algorithm: "sha256", hex } } });
       console.log("done");`,
    );
    await using one = program(server.url, target, SHA256.hex);
    await using two = program(server.url, target, SHA256.hex);
    const here = download({ url: server.url, target, expect: EXPECT });
    await Promise.all([one.line(), two.line(), here]);
    expect(server.requests.length).toBe(1);
    expect(await content(target)).toBe(digestOf(CONTENT));
    expect((await readdir(home.folder)).filter((name) => name.startsWith("file"))).toEqual(["file"]);
  });
});
