import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { connect } from "../../../src/libvirt/index.ts";
import { CONNECT_EVENT_CONNECTION_CLOSED, Remote } from "../../../src/libvirt/protocol/index.ts";
import { connected } from "./support/fake-server.ts";

test("close says good-bye first; disposing again is fine", async () => {
  const { client, server, destroyed } = connected();
  const closing = client.close();
  await server.answer(Remote.CONNECT_CLOSE, undefined);
  await closing;
  await client[Symbol.asyncDispose]();
  expect(destroyed()).toBe(true);
  await expect(client.lost).resolves.toMatchObject({ reason: "closed" });
});

test("close after a loss does nothing", async () => {
  const { client, server } = connected();
  server.peer.end();
  await client.close();
  await expect(client.lost).resolves.toMatchObject({ reason: "transport" });
});

test("versions are unpacked", async () => {
  const { client, server } = connected();
  const version = client.host.libvirtVersion();
  await server.answer(Remote.CONNECT_GET_LIB_VERSION, { version: 9_012_345n });
  await expect(version).resolves.toEqual({ major: 9, minor: 12, release: 345 });
});

test("losses of the hypervisor are told, registered once", async () => {
  const { client, server } = connected();
  const opening = Promise.all([client.host.hypervisorLosses(), client.host.hypervisorLosses()]);
  await server.answer(Remote.CONNECT_REGISTER_CLOSE_CALLBACK, undefined);
  const [first, second] = await opening;
  server.message(CONNECT_EVENT_CONNECTION_CLOSED, { reason: 2 });
  expect(await Promise.all([first.next(), second.next()])).toEqual(["keepalive", "keepalive"]);
  const disposing = Promise.all([first, second].map((losses) => losses[Symbol.asyncDispose]()));
  await server.answer(Remote.CONNECT_UNREGISTER_CLOSE_CALLBACK, undefined);
  await disposing;
});

describe("connect", () => {
  /** Runs `action` with a socket on which `daemon` answers. */
  async function listening(daemon: (peer: Socket) => void, action: (socket: string) => Promise<void>) {
    const directory = await mkdtemp(join(tmpdir(), "bothy-connect-"));
    const socket = join(directory, "libvirt-sock");
    const server = createServer(daemon);
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    try {
      await action(socket);
    } finally {
      server.close();
      await rm(directory, { recursive: true });
    }
  }

  test("a daemon that hangs up at once is unreachable", async () => {
    await listening(
      (peer) => peer.destroy(),
      async (socket) => {
        await expect(connect({ uri: "qemu:///system", socket })).rejects.toMatchObject({
          ...{ name: "ConnectError", reason: "unreachable" },
          cause: { name: "ConnectionLostError" },
        });
      },
    );
  });

  test("a silent daemon can be given up", async () => {
    await listening(
      (peer) => peer.on("error", () => {}),
      async (socket) => {
        const signal = AbortSignal.timeout(30);
        await expect(connect({ uri: "qemu:///system", socket, signal })).rejects.toMatchObject({
          name: "TimeoutError",
        });
      },
    );
  });

  test("the missing socket's error code is the cause's", async () => {
    const missing = connect({ uri: "qemu:///system", socket: "/nonexistent/sock" });
    await expect(missing).rejects.toMatchObject({ reason: "unreachable", cause: { code: "ENOENT" } });
  });
});
