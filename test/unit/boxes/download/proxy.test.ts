import { connect } from "node:net";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { readBody, send } from "../../../../src/boxes/download/index.ts";
import { isLoopback, proxyFor } from "../../../../src/boxes/download/proxy.ts";
import { fakeClock, serveHttp } from "../../../support/http-server.ts";

const NAMES = ["http_proxy", "https_proxy", "all_proxy", "no_proxy"];
const proxy = (url: string) => proxyFor(new URL(url))?.href;

beforeEach(() => {
  for (const name of NAMES) {
    vi.stubEnv(name, "");
    vi.stubEnv(name.toUpperCase(), "");
  }
});

describe("proxyFor", () => {
  it("is none without variables", () => {
    expect(proxy("https://example.com/")).toBeUndefined();
  });

  it("depends on the protocol; lower case wins; a scheme may be left out", () => {
    vi.stubEnv("HTTP_PROXY", "http://upper:1");
    vi.stubEnv("https_proxy", "lower:2");
    vi.stubEnv("HTTPS_PROXY", "http://upper:3");
    expect(proxy("http://example.com/")).toBe("http://upper:1/");
    expect(proxy("https://example.com/")).toBe("http://lower:2/");
  });

  it("is all_proxy's where no other is", () => {
    vi.stubEnv("ALL_PROXY", "http://all:1");
    expect(proxy("https://example.com/")).toBe("http://all:1/");
  });

  it("is none for this host", () => {
    vi.stubEnv("http_proxy", "http://proxy:1");
    expect([proxy("http://localhost:5000/"), proxy("http://127.0.0.3/"), proxy("http://[::1]/")]).toEqual(
      Array(3).fill(undefined),
    );
  });

  it.each([":::", "http://", "socks5://robin:hush@127.0.0.1:1"])(
    "%s is refused, without its text",
    (text) => {
      vi.stubEnv("https_proxy", text);
      const refusal = { code: "CONFIG_INVALID", message: expect.not.stringContaining("hush") };
      expect(() => proxy("https://example.com/")).toThrow(expect.objectContaining(refusal));
    },
  );

  it.each([
    ["*", "any.example", true],
    ["lab.example", "lab.example", true],
    ["lab.example", "a.lab.example", true],
    [".lab.example", "a.lab.example", true],
    ["*.lab.example", "a.lab.example", true],
    ["lab.example", "otherlab.example", false],
    ["other, LAB.example", "lab.example", true],
    ["lab.example:8080", "lab.example:8080", true],
    ["lab.example:8080", "lab.example", false],
    ["10.0.0.0/8", "10.9.8.7", true],
    ["10.0.0.0/8", "11.9.8.7", false],
    ["10.0.0.0/8", "ten.example", false],
  ])("no_proxy=%s and %s: direct is %s", (list, host, isDirect) => {
    vi.stubEnv("http_proxy", "http://proxy:1");
    vi.stubEnv("no_proxy", list);
    expect(proxy(`http://${host}/`) === undefined).toBe(isDirect);
  });
});

describe("isLoopback", () => {
  it.each(["localhost", "a.localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]"])("%s is", (host) => {
    expect(isLoopback(host)).toBe(true);
  });
  it.each(["127.example.com", "localhost.example.com", "10.0.0.1", "[::2]"])("%s is not", (host) => {
    expect(isLoopback(host)).toBe(false);
  });
});

describe("send through a proxy", () => {
  it("asks it for the whole URL of a plain one, with the proxy's login", async () => {
    await using server = await serveHttp((_, s) => void s.end("through"));
    vi.stubEnv("http_proxy", `http://me:p%40ss@${server.host}`);
    const answer = await send({ url: "http://files.example:8080/a?b=c" });
    expect((await readBody(answer, 100)).toString()).toBe("through");
    const login = `Basic ${Buffer.from("me:p@ss").toString("base64")}`;
    expect(server.requests).toMatchObject([
      {
        path: "http://files.example:8080/a?b=c",
        headers: { host: "files.example:8080", "proxy-authorization": login },
      },
    ]);
  });

  it("makes a tunnel for TLS", async () => {
    await using end = await serveHttp(() => {});
    const asked: (string | undefined)[] = [];
    await using server = await serveHttp(() => {});
    server.onConnect((request, socket) => {
      asked.push(request.url);
      const [host = "", port] = end.host.split(":");
      const inner = connect(Number(port), host, () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        inner.pipe(socket).pipe(inner);
      });
    });
    vi.stubEnv("https_proxy", server.url);
    // The end of the tunnel speaks no TLS: that is how far it must come.
    await expect(send({ url: "https://files.example/a" }, fakeClock())).rejects.toMatchObject({
      code: "EPROTO",
    });
    expect(asked).toEqual(["files.example:443"]);
  });

  it("says what a proxy says that makes no tunnel", async () => {
    await using server = await serveHttp(() => {});
    server.onConnect((_, socket) => socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"));
    vi.stubEnv("https_proxy", server.url);
    await expect(send({ url: "https://files.example/a" }, fakeClock())).rejects.toThrow("407");
  });
});
