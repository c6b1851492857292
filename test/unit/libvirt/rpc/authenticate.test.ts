import { expect, test } from "vitest";
import { openClient } from "../../../../src/libvirt/client/open-client.ts";
import { Remote } from "../../../../src/libvirt/protocol/index.ts";
import { FakeServer } from "../support/fake-server.ts";
import { memoryTransport } from "../support/memory-transport.ts";

function opening(types: number[]) {
  const { transport, peer, destroyed } = memoryTransport();
  const server = new FakeServer(peer);
  const client = openClient(transport, "qemu:///system", { keepalive: false });
  return { client, server, destroyed, listed: server.answer(Remote.AUTH_LIST, { types }) };
}

test.each([[[]], [[0]], [[1, 0]]])("with %j there is nothing to do", async (types) => {
  const { client, server } = opening(types);
  await server.answer(Remote.CONNECT_OPEN, undefined);
  const open = await client;
  const closing = open.close();
  await server.answer(Remote.CONNECT_CLOSE, undefined);
  await closing;
});

test("polkit is one call", async () => {
  const { client, server } = opening([2]);
  await server.answer(Remote.AUTH_POLKIT, { complete: 1 });
  await server.answer(Remote.CONNECT_OPEN, undefined);
  await client;
});

test("polkit may say no", async () => {
  const { client, server, destroyed } = opening([2]);
  server.fail(await server.call(Remote.AUTH_POLKIT), 45, "authentication failed");
  await expect(client).rejects.toMatchObject({ codeName: "AUTH_FAILED", procedure: "AUTH_POLKIT" });
  expect(destroyed()).toBe(true);
});

test.each([
  [[1], /SASL/],
  [[7], /type 7/],
])("%j is not supported", async (types, message) => {
  const { client, destroyed } = opening(types);
  await expect(client).rejects.toMatchObject({
    ...{ name: "ConnectError", reason: "unsupported-auth", message: expect.stringMatching(message) },
  });
  expect(destroyed()).toBe(true);
});
