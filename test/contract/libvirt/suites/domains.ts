import { finished } from "node:stream/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  CreateFlags,
  connect,
  type DomainRef,
  type LibvirtClient,
  type LifecycleEvent,
  ListFlags,
  type Subscription,
} from "../../../../src/libvirt/index.ts";
import { domainXml } from "../../../unit/libvirt/support/scenario.ts";
import type { PrivateDaemon } from "../private-daemon.ts";

const NAME = "bothy-test-contract";
const METADATA = { uri: "urn:bothy:contract", key: "bothy", xml: '<machine id="a &amp; b">é</machine>' };

/** The tests are one life of one domain, in order. */
export function domainSuite(daemon: () => PrivateDaemon): void {
  let client: LibvirtClient;
  let domain: DomainRef;
  let events: Subscription<LifecycleEvent>;

  beforeAll(async () => {
    client = await connect({ uri: "qemu:///system", socket: daemon().socket });
    events = await client.domains.events();
  });
  afterAll(() => client?.close());

  const next = (type: string) =>
    events.next((event) => event.type === type, { signal: AbortSignal.timeout(10_000) });

  test("create starts a transient domain, paused when asked", async () => {
    domain = await client.domains.create(domainXml(NAME), CreateFlags.PAUSED);
    expect(domain).toMatchObject({ name: NAME, id: expect.any(Number) });
    expect(await next("started")).toMatchObject({ domain: { uuid: domain.uuid }, detail: "booted" });
    expect((await client.domains.state(domain)).state).toBe("paused");
    expect(await client.domains.info(domain)).toMatchObject({ memoryKiB: 65_536, vcpus: 1 });
    expect(await client.domains.xml(domain)).toContain(`<name>${NAME}</name>`);
  });

  test("the console carries all of the firmware's words, and again after a reset", async () => {
    // A reset in the first instants of a boot can wedge an emulated CPU: wait until the firmware is done.
    const done = "No bootable device";
    const console = await client.domains.console(domain);
    await client.domains.resume(domain);
    expect(await next("resumed")).toMatchObject({ detail: "unpaused" });
    let seen = "";
    for await (const chunk of console) {
      const before = seen.split(done).length;
      seen += chunk.toString();
      if (before === 1 && seen.includes(done)) await client.domains.reset(domain);
      if (seen.split(done).length === 3) break;
    }
    expect(seen.match(/SeaBIOS \(version/g)).toHaveLength(2);
    expect((await client.domains.state(domain)).state).toBe("running");
  });

  test("it is found by list, name and UUID, and its name is taken", async () => {
    expect(await client.domains.list(ListFlags.TRANSIENT)).toEqual([domain]);
    expect(await client.domains.lookupByName(NAME)).toEqual(domain);
    expect(await client.domains.lookupByUuid(domain.uuid)).toEqual(domain);
    await expect(client.domains.create(domainXml(NAME))).rejects.toMatchObject({
      codeName: "OPERATION_FAILED",
    });
  });

  test("metadata is set, read, replaced and removed", async () => {
    const { domains } = client;
    expect(await domains.metadata(domain, METADATA.uri)).toBeUndefined();
    await domains.setMetadata(domain, METADATA);
    expect(await domains.metadata(domain, METADATA.uri)).toBe(METADATA.xml);
    await domains.setMetadata(domain, { ...METADATA, xml: null });
    expect(await domains.metadata(domain, METADATA.uri)).toBeUndefined();
  });

  test("a channel opens by its name and no other", async () => {
    const channel = await client.domains.channel(domain, { name: "bothy.test.0" });
    channel.write("hello");
    channel.destroy();
    await expect(client.domains.channel(domain, { name: "none" })).rejects.toMatchObject({
      codeName: "INTERNAL_ERROR",
    });
  });

  test("QEMU's monitor answers, a guest agent that is not there does not", async () => {
    expect(
      JSON.parse(await client.domains.monitorCommand(domain, '{"execute":"query-status"}')),
    ).toMatchObject({
      return: { status: "running" },
    });
    expect(await client.domains.humanMonitorCommand(domain, "info status")).toContain("running");
    await expect(client.domains.agentCommand(domain, '{"execute":"guest-ping"}')).rejects.toMatchObject({
      name: "LibvirtError",
    });
  });

  test("suspend and resume are told, shutdown is asked for", async () => {
    await client.domains.suspend(domain);
    expect(await next("suspended")).toMatchObject({ detail: "paused" });
    expect(await client.domains.state(domain)).toEqual({ state: "paused", reason: "user" });
    await client.domains.resume(domain);
    expect(await next("resumed")).toMatchObject({ detail: "unpaused" });
    await client.domains.shutdown(domain);
  });

  test("destroy ends it, its console and its events", async () => {
    const console = await client.domains.console(domain);
    const ended = finished(console.resume());
    await using own = await client.domains.events(domain);
    await client.domains.destroy(domain);
    expect(await own.next(({ type }) => type === "stopped")).toMatchObject({ detail: "destroyed" });
    await ended;
    await expect(client.domains.state(domain)).rejects.toMatchObject({ codeName: "NO_DOMAIN" });
    await events[Symbol.asyncDispose]();
  });
}
