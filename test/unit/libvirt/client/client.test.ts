import { expect, test } from "vitest";
import { CONNECT_EVENT_CONNECTION_CLOSED, Remote } from "../../../../src/libvirt/protocol/index.ts";
import { connected } from "../support/fake-server.ts";

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
