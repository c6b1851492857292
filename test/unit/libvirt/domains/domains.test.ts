import { expect, test } from "vitest";
import { ErrorCode, errorCodeName } from "../../../../src/libvirt/index.ts";
import { type Procedure, Qemu, Remote } from "../../../../src/libvirt/protocol/index.ts";
import { decode } from "../../../../src/libvirt/xdr/index.ts";
import { connected } from "../support/fake-server.ts";

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

test("error codes have names", () => {
  expect(errorCodeName(ErrorCode.NO_DOMAIN)).toBe("NO_DOMAIN");
  expect(errorCodeName(4711)).toBe("ERROR_4711");
});
