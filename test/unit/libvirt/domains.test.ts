import { expect, test } from "vitest";
import { domainStatus, lifecycleEvent } from "../../../src/libvirt/domains/index.ts";
import { type DomainRef, ErrorCode } from "../../../src/libvirt/index.ts";
import {
  DOMAIN_EVENT_CALLBACK_LIFECYCLE,
  type Procedure,
  Qemu,
  Remote,
} from "../../../src/libvirt/protocol/index.ts";
import { decode } from "../../../src/libvirt/xdr/index.ts";
import { connected } from "./support/fake-server.ts";

const dom = { name: "d", uuid: "00000000-0000-0000-0000-000000000001", id: 1 };
const METADATA = { uri: "urn:x", key: "x", xml: "<x/>" };

async function sent<A, R>(
  procedure: Procedure<A, R>,
  value: R,
  act: (domains: ReturnType<typeof connected>["client"]["domains"]) => Promise<unknown>,
) {
  const { client, server } = connected();
  const result = act(client.domains);
  const call = await server.answer(procedure as Procedure<unknown, R>, value);
  return { args: decode(procedure.args, call.payload), result: await result };
}

test("info has units and names", async () => {
  const info = { state: 1, maxMem: 65536n, memory: 32768n, nrVirtCpu: 2, cpuTime: 2n ** 60n };
  const { result } = await sent(Remote.DOMAIN_GET_INFO, info, (domains) => domains.info(dom));
  expect(result).toEqual({
    ...{ state: "running", maxMemoryKiB: 65536, memoryKiB: 32768, vcpus: 2 },
    cpuTimeNs: 2n ** 60n,
  });
});

test("metadata that is not there is undefined, other errors are errors", async () => {
  const { client, server } = connected();
  const absent = client.domains.metadata(dom, "urn:x");
  server.fail(await server.call(Remote.DOMAIN_GET_METADATA), ErrorCode.NO_DOMAIN_METADATA, "none");
  await expect(absent).resolves.toBeUndefined();
  const gone = client.domains.metadata(dom, "urn:x");
  server.fail(await server.call(Remote.DOMAIN_GET_METADATA), ErrorCode.NO_DOMAIN, "gone");
  await expect(gone).rejects.toMatchObject({ codeName: "NO_DOMAIN" });
});

test("metadata is an element of a namespace", async () => {
  const { args } = await sent(Remote.DOMAIN_SET_METADATA, undefined, (domains) =>
    domains.setMetadata(dom, METADATA, 1),
  );
  expect(args).toEqual({ dom, type: 2, metadata: "<x/>", key: "x", uri: "urn:x", flags: 1 });
});

test("commands for QEMU and for the guest agent", async () => {
  const monitor = await sent(Qemu.DOMAIN_MONITOR_COMMAND, { result: "{}" }, (domains) =>
    domains.monitorCommand(dom, "{}"),
  );
  expect(monitor).toEqual({ args: { dom, cmd: "{}", flags: 0 }, result: "{}" });
  const agent = await sent(Qemu.DOMAIN_AGENT_COMMAND, { result: null }, (domains) =>
    domains.agentCommand(dom, "{}", { timeoutSeconds: 2 }),
  );
  expect(agent).toEqual({ args: { dom, cmd: "{}", timeout: 2, flags: 0 }, result: null });
});

test.each([
  ["shutdown", Remote.DOMAIN_SHUTDOWN_FLAGS],
  ["reboot", Remote.DOMAIN_REBOOT],
  ["destroy", Remote.DOMAIN_DESTROY_FLAGS],
] as const)("%s passes its flags", async (name, procedure) => {
  const { args } = await sent(procedure, undefined, (domains) => domains[name](dom, 2));
  expect(args).toEqual({ dom, flags: 2 });
});

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

test.each([
  [1, 1, "running", "booted"],
  [3, 1, "paused", "user"],
  [4, 1, "shutdown", "user"],
  [5, 2, "shutoff", "destroyed"],
  [6, 1, "crashed", "panicked"],
  [1, 99, "running", "unknown"],
  [99, 1, "unknown", "unknown"],
  [-1, -1, "unknown", "unknown"],
])("state %i/%i is %s, %s", (state, reason, name, why) => {
  expect(domainStatus(state, reason)).toEqual({ state: name, reason: why });
});

test.each([
  [0, 0, "defined", "added"],
  [1, 0, "undefined", "removed"],
  [3, 0, "suspended", "paused"],
  [4, 0, "resumed", "unpaused"],
  [5, 0, "stopped", "shutdown"],
  [6, 1, "shutdown", "guest"],
  [7, 1, "pmsuspended", "disk"],
  [8, 0, "crashed", "panicked"],
  [5, 77, "stopped", "unknown"],
  [77, 0, "unknown", "unknown"],
])("event %i/%i is %s, %s", (type, detail, name, why) => {
  expect(lifecycleEvent(one, type, detail)).toEqual({ domain: one, type: name, detail: why });
});
