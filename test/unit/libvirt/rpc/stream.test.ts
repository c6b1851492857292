import { Readable } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import { finished, pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { DomainRef, StorageVolumeRef } from "../../../../src/libvirt/index.ts";
import { PacketStatus, PacketType, type Procedure, Remote } from "../../../../src/libvirt/protocol/index.ts";
import { connected } from "../support/fake-server.ts";
import { Prng } from "../support/prng.ts";

const { OK, ERROR, CONTINUE } = PacketStatus;
const volume: StorageVolumeRef = { pool: "p", name: "v", key: "/p/v" };
const domain: DomainRef = { name: "d", uuid: "00112233-4455-6677-8899-aabbccddeeff", id: 1 };

async function opened<S>(
  connection: ReturnType<typeof connected>,
  procedure: Procedure<unknown, void>,
  opening: Promise<S>,
) {
  const call = await connection.server.answer(procedure, undefined);
  return { ...connection, call, stream: await opening };
}

async function openDownload() {
  const connection = connected();
  return opened(connection, Remote.STORAGE_VOL_DOWNLOAD, connection.client.storage.download(volume));
}

async function openUpload() {
  const connection = connected();
  return opened(connection, Remote.STORAGE_VOL_UPLOAD, connection.client.storage.upload(volume));
}

async function openConsole() {
  const connection = connected();
  return opened(connection, Remote.DOMAIN_OPEN_CONSOLE, connection.client.domains.console(domain));
}

describe("download", () => {
  test("data comes in order, the end after the server's confirmation", async () => {
    const { server, call, stream } = await openDownload();
    const content = text(stream);
    for (const word of ["one ", "two ", "three"]) server.streamOut(call, CONTINUE, Buffer.from(word));
    server.streamOut(call, CONTINUE);
    expect((await server.stream(call)).status).toBe(OK);
    server.streamOut(call, OK);
    await expect(content).resolves.toBe("one two three");
  });

  test("data right behind the reply is kept", async () => {
    const { client, server } = connected();
    const opening = client.storage.download(volume);
    const call = await server.call(Remote.STORAGE_VOL_DOWNLOAD);
    server.peer.cork();
    server.reply(call, Remote.STORAGE_VOL_DOWNLOAD, undefined);
    server.streamOut(call, CONTINUE, Buffer.from("early"));
    server.streamOut(call, CONTINUE);
    server.streamOut(call, OK);
    server.peer.uncork();
    await expect(text(await opening)).resolves.toBe("early");
  });

  test("an error of the server destroys the stream, even before anybody listens", async () => {
    const { client, server } = connected();
    const opening = client.storage.download(volume);
    const call = await server.call(Remote.STORAGE_VOL_DOWNLOAD);
    server.reply(call, Remote.STORAGE_VOL_DOWNLOAD, undefined);
    server.fail(call, 38, "disk on fire", PacketType.STREAM);
    const stream = await opening;
    await sleep(5);
    await expect(finished(stream)).rejects.toMatchObject({
      ...{ name: "LibvirtError", codeName: "SYSTEM_ERROR", message: "disk on fire" },
      procedure: "STORAGE_VOL_DOWNLOAD",
    });
    expect(server.received).toEqual([]);
  });

  test("destroy aborts on the server, later packets are dropped", async () => {
    const { rpc, server, call, stream } = await openDownload();
    stream.destroy();
    expect((await server.stream(call)).status).toBe(ERROR);
    server.streamOut(call, CONTINUE, Buffer.from("late"));
    server.streamOut(call, OK);
    const next = rpc.call(Remote.CONNECT_GET_URI, undefined);
    await server.answer(Remote.CONNECT_GET_URI, { uri: "alive" });
    await expect(next).resolves.toEqual({ uri: "alive" });
  });

  test("an unread stream stops the reading, but never a call", async () => {
    const { rpc, server, call, stream } = await openDownload();
    const packet = Buffer.alloc(262_120);
    let taken = 0;
    for (; taken < 100; taken += 1) {
      server.streamOut(call, CONTINUE, packet);
      await sleep(0);
      if (server.peer.writableLength > 2 * packet.length) break;
    }
    expect(taken).toBeLessThan(50);
    const answer = rpc.call(Remote.CONNECT_GET_URI, undefined);
    await server.answer(Remote.CONNECT_GET_URI, { uri: "through" });
    await expect(answer).resolves.toEqual({ uri: "through" });
    server.streamOut(call, CONTINUE);
    server.streamOut(call, OK);
    expect((await buffer(stream)).length).toBe((taken + 1) * packet.length);
  });
});

describe("upload", () => {
  test("data is cut into packets and finishes with the server's confirmation", async () => {
    const { server, call, stream } = await openUpload();
    const content = new Prng(3).bytes(600_000);
    const done = pipeline(Readable.from([content]), stream);
    const parts: Buffer[] = [];
    for (;;) {
      const { status, payload } = await server.stream(call);
      if (status === OK) break;
      parts.push(payload);
    }
    expect(parts.map(({ length }) => length)).toEqual([262_120, 262_120, 75_760]);
    expect(Buffer.concat(parts).equals(content)).toBe(true);
    expect(stream.writableFinished).toBe(false);
    server.streamOut(call, OK);
    await expect(done).resolves.toBeUndefined();
  });

  test("the server can refuse at the end", async () => {
    const { server, call, stream } = await openUpload();
    const done = finished(stream);
    stream.end("data");
    await server.expect(({ serial, status }) => serial === call.serial && status === OK);
    server.fail(call, 1, "no space", PacketType.STREAM);
    await expect(done).rejects.toMatchObject({ name: "LibvirtError", message: "no space" });
  });

  test("data from the server and empty writes mean nothing", async () => {
    const { server, call, stream } = await openUpload();
    server.streamOut(call, CONTINUE, Buffer.from("what?"));
    stream.write(Buffer.alloc(0));
    stream.end("x");
    expect((await server.stream(call)).payload.toString()).toBe("x");
    expect((await server.stream(call)).status).toBe(OK);
    server.streamOut(call, OK);
    await finished(stream);
  });
});

describe("console", () => {
  test("goes both ways, and the server's end is the end", async () => {
    const { server, call, stream } = await openConsole();
    stream.write("login\n");
    expect((await server.stream(call)).payload.toString()).toBe("login\n");
    const output = text(stream);
    server.streamOut(call, CONTINUE, Buffer.from("welcome"));
    server.streamOut(call, CONTINUE);
    await expect(output).resolves.toBe("welcome");
    expect((await server.stream(call)).status).toBe(OK);
    server.streamOut(call, OK);
    await finished(stream);
  });

  test("our end is the end", async () => {
    const { server, call, stream } = await openConsole();
    const output = text(stream);
    stream.end();
    expect((await server.stream(call)).status).toBe(OK);
    server.streamOut(call, CONTINUE, Buffer.from("last words"));
    server.streamOut(call, OK);
    await expect(output).resolves.toBe("last words");
  });

  test("a lost connection destroys it", async () => {
    const { server, stream } = await openConsole();
    const done = finished(stream);
    server.peer.end();
    await expect(done).rejects.toMatchObject({ name: "ConnectionLostError" });
  });
});

describe("opening", () => {
  test("an error leaves nothing behind", async () => {
    const { client, server } = connected();
    const opening = client.domains.console(domain);
    server.fail(await server.call(Remote.DOMAIN_OPEN_CONSOLE), 55, "not running");
    await expect(opening).rejects.toMatchObject({ codeName: "OPERATION_INVALID" });
    await sleep(5);
    expect(server.received).toEqual([]);
  });

  test("a stream that opens after the signal fired is aborted", async () => {
    const { client, server } = connected();
    const controller = new AbortController();
    const opening = client.domains.console(domain, { signal: controller.signal });
    const call = await server.call(Remote.DOMAIN_OPEN_CONSOLE);
    controller.abort(new Error("enough"));
    await expect(opening).rejects.toThrow("enough");
    server.reply(call, Remote.DOMAIN_OPEN_CONSOLE, undefined);
    expect((await server.stream(call)).status).toBe(ERROR);
  });

  test("a connection lost meanwhile rejects and raises nothing else", async () => {
    const { client, server } = connected();
    const opening = client.domains.console(domain);
    await server.call(Remote.DOMAIN_OPEN_CONSOLE);
    server.peer.end();
    await expect(opening).rejects.toMatchObject({ name: "ConnectionLostError" });
    await sleep(5);
  });
});
