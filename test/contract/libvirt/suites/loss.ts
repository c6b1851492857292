import { finished } from "node:stream/promises";
import { expect, test } from "vitest";
import { connect } from "../../../../src/libvirt/index.ts";
import { domainXml } from "../../../unit/libvirt/support/scenario.ts";
import type { PrivateDaemon } from "../private-daemon.ts";
import { Recorder } from "../recorder.ts";

export function lossSuite(daemon: () => PrivateDaemon): void {
  test("a connection cut in the middle of a call fails the call, streams and events", async () => {
    await using wire = await Recorder.start(daemon().socket);
    const client = await connect({ uri: "qemu:///system", socket: wire.socket });
    const events = await client.domains.events();
    const domain = await client.domains.create(domainXml("bothy-test-loss"));
    const console = finished(await client.domains.console(domain));
    const ended = (async () => {
      for await (const _event of events);
    })();
    const call = client.domains.destroy(domain);
    wire.hangUp();
    for (const outcome of await Promise.allSettled([call, console, ended, client.host.uri()])) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { name: "ConnectionLostError" } });
    }
    await client.close();
    await destroyIfLeft(daemon(), "bothy-test-loss");
  });

  test("a daemon that stops answering is given up", async () => {
    const keepalive = { intervalMs: 50, count: 3 };
    const client = await connect({ uri: "qemu:///system", socket: daemon().socket, keepalive });
    process.kill(daemon().pid, "SIGSTOP");
    try {
      await expect(client.host.uri()).rejects.toMatchObject({ reason: "keepalive" });
    } finally {
      process.kill(daemon().pid, "SIGCONT");
    }
    await client.close();
  });

  test("a daemon that answers pings is kept", async () => {
    const keepalive = { intervalMs: 100, count: 5 };
    await using client = await connect({ uri: "qemu:///system", socket: daemon().socket, keepalive });
    await new Promise((resolve) => setTimeout(resolve, 800));
    await expect(client.host.uri()).resolves.toBe("qemu:///system");
  });
}

/** The call that was cut off may have been carried out or not. */
async function destroyIfLeft(daemon: PrivateDaemon, name: string): Promise<void> {
  await using client = await connect({ uri: "qemu:///system", socket: daemon.socket });
  for (const domain of await client.domains.list()) {
    if (domain.name === name) await client.domains.destroy(domain).catch(() => {});
  }
}
