import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { ConnectionLostError, LibvirtError, XdrError } from "../../../src/libvirt/index.ts";
import { Remote } from "../../../src/libvirt/protocol/index.ts";
import { Keepalive } from "../../../src/libvirt/rpc/index.ts";
import { connected } from "./support/fake-server.ts";

describe("calls", () => {
  test("replies find their calls in any order", async () => {
    const { rpc, server } = connected();
    const names = ["a", "b", "c"];
    const calls = names.map((name) => rpc.call(Remote.DOMAIN_LOOKUP_BY_NAME, { name }));
    const requests = [];
    for (const _ of names) requests.push(await server.call(Remote.DOMAIN_LOOKUP_BY_NAME));
    const uuid = "00112233-4455-6677-8899-aabbccddeeff";
    for (const [index, request] of [...requests.entries()].reverse()) {
      server.reply(request, Remote.DOMAIN_LOOKUP_BY_NAME, {
        dom: { name: `${names[index]}!`, uuid, id: index },
      });
    }
    expect((await Promise.all(calls)).map(({ dom }) => dom.name)).toEqual(["a!", "b!", "c!"]);
  });

  test("an error reply has all its fields and the caller's stack", async () => {
    const { rpc, server } = connected();
    const call = async function theCaller() {
      return await rpc.call(Remote.DOMAIN_LOOKUP_BY_NAME, { name: "x" });
    };
    const outcome = call().catch((error: unknown) => error);
    server.fail(await server.call(Remote.DOMAIN_LOOKUP_BY_NAME), 42, "Domain not found");
    const error = await outcome;
    expect(error).toBeInstanceOf(LibvirtError);
    expect(error).toMatchObject({
      ...{ code: 42, codeName: "NO_DOMAIN", domain: 10, level: 2, message: "Domain not found" },
      ...{ procedure: "DOMAIN_LOOKUP_BY_NAME", str1: "first", str2: null, int1: 7, int2: -1 },
    });
    expect((error as Error).stack).toContain("theCaller");
  });

  test("arguments that cannot be sent and replies that cannot be read fail alone", async () => {
    const { rpc, server } = connected();
    await expect(rpc.call(Remote.DOMAIN_LOOKUP_BY_NAME, { name: "a\0" })).rejects.toThrow(XdrError);
    const bad = rpc.call(Remote.CONNECT_GET_URI, undefined);
    server.send({ ...(await server.call(Remote.CONNECT_GET_URI)), type: 1 }, Buffer.alloc(3));
    await expect(bad).rejects.toThrow(XdrError);
    const good = rpc.call(Remote.CONNECT_GET_URI, undefined);
    await server.answer(Remote.CONNECT_GET_URI, { uri: "fine" });
    await expect(good).resolves.toEqual({ uri: "fine" });
  });

  test("an aborted call rejects with the reason, its late reply is dropped", async () => {
    const { rpc, server } = connected();
    const controller = new AbortController();
    const call = rpc.call(Remote.CONNECT_GET_URI, undefined, { signal: controller.signal });
    const request = await server.call(Remote.CONNECT_GET_URI);
    controller.abort(new Error("enough"));
    await expect(call).rejects.toThrow("enough");
    server.reply(request, Remote.CONNECT_GET_URI, { uri: "late" });
    const next = rpc.call(Remote.CONNECT_GET_URI, undefined);
    await server.answer(Remote.CONNECT_GET_URI, { uri: "next" });
    await expect(next).resolves.toEqual({ uri: "next" });
  });

  test("a call that is aborted beforehand sends nothing", async () => {
    const { rpc, server } = connected();
    const signal = AbortSignal.abort(new Error("no"));
    await expect(rpc.call(Remote.CONNECT_GET_URI, undefined, { signal })).rejects.toThrow("no");
    await sleep(5);
    expect(server.received).toEqual([]);
  });
});

describe("loss", () => {
  test("a hang-up rejects every call, and later ones at once", async () => {
    const { rpc, server, destroyed } = connected();
    const calls = [1, 2].map(() => rpc.call(Remote.CONNECT_GET_URI, undefined));
    server.peer.end();
    for (const outcome of await Promise.allSettled(calls)) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { reason: "transport" } });
    }
    await expect(rpc.call(Remote.CONNECT_GET_URI, undefined)).rejects.toThrow(ConnectionLostError);
    await expect(rpc.lost).resolves.toMatchObject({ reason: "transport" });
    expect(destroyed()).toBe(true);
  });

  test.each([
    ["a length out of range", Buffer.alloc(4, 0xff)],
    ["another version", Buffer.concat([Buffer.from([0, 0, 0, 28]), Buffer.alloc(24)])],
    [
      "a call from the server",
      Buffer.from("0000001c200080860000000100000001000000000000000100000000", "hex"),
    ],
    [
      "a reply to another procedure",
      Buffer.from("0000001c200080860000000100000001000000010000000100000000", "hex"),
    ],
  ])("%s ends the connection", async (_, bytes) => {
    const { rpc, server } = connected();
    const call = rpc.call(Remote.CONNECT_GET_URI, undefined);
    server.peer.write(bytes);
    await expect(call).rejects.toMatchObject({ name: "ConnectionLostError", reason: "protocol" });
    expect((await rpc.lost).cause).toMatchObject({ name: "ProtocolError" });
  });

  test("close rejects what is pending and can be repeated", async () => {
    const { rpc } = connected();
    const call = rpc.call(Remote.CONNECT_GET_URI, undefined);
    const outcome = expect(call).rejects.toMatchObject({ reason: "closed" });
    await Promise.all([rpc.close(), rpc.close()]);
    await outcome;
  });
});

describe("keepalive", () => {
  const PROGRAM = 0x6b656570;
  const packet = (procedure: number) => ({ program: PROGRAM, procedure, type: 2, serial: 0, status: 0 });

  test("a ping is answered", async () => {
    const { server } = connected();
    server.send(packet(1), Buffer.alloc(0));
    await server.expect(({ program, procedure }) => program === PROGRAM && procedure === 2);
  });

  test("a silent server is dropped after the pings, one that answers is not", async () => {
    const silent = connected({ intervalMs: 10, count: 3 });
    const lively = connected({ intervalMs: 10, count: 3 });
    lively.server.peer.on("data", () => lively.server.send(packet(2), Buffer.alloc(0)));
    await expect(silent.rpc.lost).resolves.toMatchObject({ reason: "keepalive" });
    expect(silent.server.received).toHaveLength(3);
    await sleep(60);
    const call = lively.rpc.call(Remote.CONNECT_GET_URI, undefined);
    await lively.server.answer(Remote.CONNECT_GET_URI, { uri: "here" });
    await expect(call).resolves.toEqual({ uri: "here" });
    await lively.rpc.close();
  });

  test("while this side does not read, silence means nothing", async () => {
    let ticks = 0;
    let pings = 0;
    await new Promise<void>((resolve) => {
      const keepalive = new Keepalive(
        { intervalMs: 5, count: 2 },
        {
          deaf: () => {
            ticks += 1;
            return ticks <= 10;
          },
          ping: () => {
            pings += 1;
          },
          dead: () => {
            keepalive.stop();
            resolve();
          },
        },
      );
    });
    expect({ ticks, pings }).toEqual({ ticks: 13, pings: 2 });
  });
});
