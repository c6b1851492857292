import { expect, test } from "vitest";
import type { DomainRef } from "../../../../src/libvirt/index.ts";
import { DOMAIN_EVENT_CALLBACK_LIFECYCLE, Remote } from "../../../../src/libvirt/protocol/index.ts";
import { connected } from "../support/fake-server.ts";

const REGISTER = Remote.CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY;
const DEREGISTER = Remote.CONNECT_DOMAIN_EVENT_CALLBACK_DEREGISTER_ANY;
const one: DomainRef = { name: "one", uuid: "00000000-0000-0000-0000-000000000001", id: 1 };
const two: DomainRef = { name: "two", uuid: "00000000-0000-0000-0000-000000000002", id: 2 };
const STARTED = 2;
const STOPPED = 5;

function lifecycle(dom: DomainRef, type: number, detail = 0) {
  return { callbackId: 3, event: { dom, type, detail } };
}

test("subscriptions share one registration; each gets its domain's events", async () => {
  const { client, server } = connected();
  const opening = [client.domains.events(), client.domains.events(two)];
  const call = await server.call(REGISTER);
  server.peer.cork(); // an event right behind the reply
  server.reply(call, REGISTER, { callbackId: 3 });
  server.message(DOMAIN_EVENT_CALLBACK_LIFECYCLE, lifecycle(one, STARTED));
  server.message(DOMAIN_EVENT_CALLBACK_LIFECYCLE, lifecycle(two, STOPPED, 1));
  server.peer.uncork();
  const [all, second] = await Promise.all(opening);
  expect(await all?.next()).toEqual({ domain: one, type: "started", detail: "booted" });
  expect(await second?.next()).toEqual({ domain: two, type: "stopped", detail: "destroyed" });
  await all?.[Symbol.asyncDispose]();
  expect(server.received).toEqual([]);
  const disposing = second?.[Symbol.asyncDispose]();
  await server.answer(DEREGISTER, undefined);
  await disposing;
});

test("a lost connection ends the subscription with its error, and disposing is fine", async () => {
  const { client, server } = connected();
  const opening = client.domains.events();
  await server.answer(REGISTER, { callbackId: 3 });
  const events = await opening;
  const waiting = events.next();
  server.peer.end();
  await expect(waiting).rejects.toMatchObject({ name: "ConnectionLostError" });
  await events[Symbol.asyncDispose]();
});

test("an aborted subscribe gives its registration back", async () => {
  const { client, server } = connected();
  const controller = new AbortController();
  const opening = client.domains.events(undefined, { signal: controller.signal });
  const call = await server.call(REGISTER);
  controller.abort(new Error("enough"));
  await expect(opening).rejects.toThrow("enough");
  server.reply(call, REGISTER, { callbackId: 8 });
  await server.answer(DEREGISTER, undefined);
});

test("a malformed event ends the connection", async () => {
  const { client, rpc, server } = connected();
  const opening = client.domains.events();
  await server.answer(REGISTER, { callbackId: 3 });
  const { program, number } = DOMAIN_EVENT_CALLBACK_LIFECYCLE;
  server.send({ program, procedure: number, type: 2, serial: 0, status: 0 }, Buffer.alloc(6));
  await expect((await opening).next()).rejects.toMatchObject({ reason: "protocol" });
  expect((await rpc.lost).cause).toMatchObject({ name: "XdrError" });
});
