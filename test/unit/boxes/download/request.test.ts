import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { explainNetwork, readBody, send } from "../../../../src/boxes/download/index.ts";
import { setDebugSink } from "../../../../src/system/index.ts";
import { fakeClock, type Handler, serveHttp } from "../../../support/http-server.ts";
import { tempHome } from "../../../support/temp-home.ts";

const body = async (answer: Awaited<ReturnType<typeof send>>) => (await readBody(answer, 1000)).toString();
const redirect =
  (to: string): Handler =>
  (_, response) =>
    void response.writeHead(307, { location: to }).end();

afterEach(() => setDebugSink(undefined));

describe("send", () => {
  it("answers with status, headers and body, whatever the status", async () => {
    await using server = await serveHttp((_, s) => void s.writeHead(404, { "x-a": "b" }).end("gone"));
    const answer = await send({ url: `${server.url}/f`, headers: { "x-q": "1" } });
    expect(answer).toMatchObject({ status: 404, said: "404 Not Found", url: `${server.url}/f` });
    expect([answer.headers["x-a"], await body(answer)]).toEqual(["b", "gone"]);
    expect(server.requests[0]?.headers).toMatchObject({ "x-q": "1", "user-agent": "bothy" });
  });

  it("follows redirects on the same server with everything", async () => {
    await using server = await serveHttp((q, s) =>
      q.url === "/a" ? void s.writeHead(302, { location: "/b" }).end() : void s.end("b"),
    );
    const answer = await send({ url: `${server.url}/a`, headers: { authorization: "Bearer hush" } });
    expect([answer.url, await body(answer)]).toEqual([`${server.url}/b`, "b"]);
    expect(server.requests[1]?.headers.authorization).toBe("Bearer hush");
  });

  it("never takes what is private to another host, nor back again", async () => {
    let back = "";
    await using other = await serveHttp((q, s) => redirect(back)(q, s, 0));
    await using server = await serveHttp((q, s, number) =>
      q.url === "/end" ? void s.end("end") : redirect(`${other.url}/x`)(q, s, number),
    );
    back = `${server.url}/end`;
    const headers = { Authorization: "Bearer hush", cookie: "a=hush", range: "bytes=1-" };
    await send({ url: server.url, headers });
    for (const request of [...other.requests, server.requests[1]]) {
      expect(JSON.stringify(request?.headers)).not.toContain("hush");
      expect(request?.headers.range).toBe("bytes=1-");
    }
    expect([other.requests.length, server.requests.length]).toEqual([1, 2]);
  });

  it("keeps a login of the URL on the same server, and drops it elsewhere", async () => {
    await using other = await serveHttp((_, s) => void s.end());
    await using server = await serveHttp((q, s) => redirect(q.url === "/a" ? "/b" : other.url)(q, s, 0));
    await send({ url: `http://robin:hush@${server.host}/a` });
    const login = `Basic ${Buffer.from("robin:hush").toString("base64")}`;
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([login, login]);
    expect(other.requests[0]?.headers.authorization).toBeUndefined();
  });

  it.each(["ftp://host/file", "http://", "file:///etc/passwd"])("does not follow to %s", async (location) => {
    await using server = await serveHttp(redirect(location));
    await expect(send({ url: server.url })).rejects.toMatchObject({
      code: "DOWNLOAD_FAILED",
      message: expect.stringContaining("redirects to"),
    });
  });

  it("gives up endless redirects", async () => {
    await using server = await serveHttp((q, s) => redirect("/again")(q, s, 0));
    await expect(send({ url: server.url })).rejects.toMatchObject({ code: "DOWNLOAD_FAILED" });
    expect(server.requests.length).toBe(11);
  });

  it.each([
    ["seconds", () => "7", 7000],
    ["a date", () => new Date(Math.ceil(Date.now() / 1000) * 1000 + 30_000).toUTCString(), 30_000],
  ])("waits as Retry-After wants it, in %s", async (_, after, waitMs) => {
    await using server = await serveHttp((_, s, number) => {
      if (number > 0) return void s.end("now");
      const date = new Date(Math.ceil(Date.now() / 1000) * 1000).toUTCString();
      s.writeHead(429, { "retry-after": after(), date }).end();
    });
    const clock = fakeClock();
    expect(await body(await send({ url: server.url }, clock))).toBe("now");
    expect(Math.abs((clock.slept[0] ?? 0) - waitMs)).toBeLessThanOrEqual(1000);
  });

  it("does not wait for a server that asks for an hour", async () => {
    await using server = await serveHttp((_, s) => void s.writeHead(429, { "retry-after": "3600" }).end());
    const clock = fakeClock();
    expect((await send({ url: server.url }, clock)).status).toBe(429);
    expect([clock.slept, server.requests.length]).toEqual([[], 1]);
  });

  it("asks five times in all, with growing waits, when the server has trouble", async () => {
    await using server = await serveHttp((_, s) => void s.writeHead(503).end());
    const clock = fakeClock();
    expect((await send({ url: server.url }, clock)).status).toBe(503);
    expect(server.requests.length).toBe(5);
    expect(clock.slept.map((ms) => Math.floor(Math.log2(ms / 500)))).toEqual([0, 1, 2, 3]);
  });

  it("asks again after a broken connection, and not when told so", async () => {
    await using server = await serveHttp((q, s, number) =>
      number === 0 ? void q.socket.destroy() : void s.end("ok"),
    );
    expect(await body(await send({ url: server.url }, fakeClock()))).toBe("ok");
    await using broken = await serveHttp((q) => void q.socket.destroy());
    await expect(send({ url: broken.url, retries: false })).rejects.toThrow();
    expect(broken.requests.length).toBe(1);
  });

  it("sends a form", async () => {
    let form = "";
    await using server = await serveHttp(
      (q, s) => void q.on("data", (text) => (form += text)).on("end", () => s.end()),
    );
    await send({ url: server.url, method: "POST", form: { a: "1 2", b: "&" } });
    expect(form).toBe("a=1+2&b=%26");
  });

  it("keeps logins, headers and queries out of the debug log", async () => {
    const lines: string[] = [];
    setDebugSink((line) => void lines.push(line));
    await using server = await serveHttp((_, s) => void s.end());
    const url = `http://robin:hush@${server.host}/path?signature=hush`;
    await send({ url, headers: { authorization: "hush" } });
    expect(lines).toEqual([expect.stringMatching(/^GET http:\/\/127\.0\.0\.1:\d+\/path -> 200 in \d+ ms$/)]);
  });

  it("says when an authority's file is not there", async () => {
    await using home = await tempHome();
    const file = join(home.folder, "ca.pem");
    const ask = () => send({ url: "https://127.0.0.1:1/", tls: () => ({ authorities: [file] }) });
    await expect(ask()).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(file),
    });
    await writeFile(file, "not PEM");
    await expect(ask()).rejects.toMatchObject({
      message: expect.stringContaining("no certificate in PEM form"),
    });
  });
});

describe("readBody", () => {
  it("refuses more than the limit", async () => {
    await using server = await serveHttp((_, s) => void s.end("x".repeat(100)));
    await expect(readBody(await send({ url: server.url }), 99)).rejects.toMatchObject({
      code: "DOWNLOAD_FAILED",
    });
  });
});

describe("explainNetwork", () => {
  const explain = async (url: string) =>
    explainNetwork(await send({ url }, fakeClock()).catch((error: unknown) => error), url);

  it("tells what is wrong with a server that cannot be reached", async () => {
    expect(await explain("http://127.0.0.1:1/")).toMatchObject({ kind: "refused" });
    expect(await explain("http://no-such-host.invalid/")).toMatchObject({ kind: "dns" });
    await using server = await serveHttp((_, s) => void s.end());
    expect(await explain(`https://${server.host}/`)).toMatchObject({ kind: "protocol" });
    const noise = createServer((socket) => void socket.end("nonsense\r\n\r\n"));
    noise.listen(0, "127.0.0.1");
    await once(noise, "listening");
    expect(await explain(`http://127.0.0.1:${(noise.address() as AddressInfo).port}/`)).toMatchObject({
      kind: "protocol",
    });
    noise.close();
    await using silent = await serveHttp((q) => void q.socket.destroy());
    expect(await explain(silent.url)).toMatchObject({ kind: "reset" });
  });

  it("knows nothing of other errors", () => {
    expect(explainNetwork(new Error("other"), "http://host/")).toBeUndefined();
  });
});
