import { expect, test } from "vitest";
import { connect, Feature, LibvirtError } from "../../../../src/libvirt/index.ts";
import { SshSandbox } from "../../../unit/libvirt/support/ssh-sandbox.ts";
import type { PrivateDaemon } from "../private-daemon.ts";

const URI = "qemu:///system";

export function connectionSuite(daemon: () => PrivateDaemon): void {
  test("opens and tells about the host", async () => {
    await using client = await connect({ uri: URI, socket: daemon().socket });
    const { host } = client;
    expect(await host.uri()).toBe(URI);
    expect((await host.libvirtVersion()).major).toBeGreaterThanOrEqual(9);
    expect((await host.hypervisorVersion()).major).toBeGreaterThanOrEqual(7);
    expect(await host.hostname()).not.toBe("");
    expect(await host.capabilities()).toContain("<domain type='qemu'");
    expect(await host.domainCapabilities({ arch: "x86_64", machine: "q35", virtType: "qemu" })).toContain(
      "<domain>qemu</domain>",
    );
    expect(await host.supportsFeature(Feature.REMOTE_EVENT_CALLBACK)).toBe(true);
    await using _losses = await host.hypervisorLosses();
  });

  test("calls at once each have their own error", async () => {
    await using client = await connect({ uri: URI, socket: daemon().socket });
    const names = Array.from({ length: 40 }, (_, index) => `missing-${index}`);
    const outcomes = await Promise.allSettled(names.map((name) => client.domains.lookupByName(name)));
    for (const [index, outcome] of outcomes.entries()) {
      const reason = outcome.status === "rejected" ? outcome.reason : undefined;
      expect(reason).toBeInstanceOf(LibvirtError);
      expect(reason).toMatchObject({ codeName: "NO_DOMAIN" });
      expect(reason.message).toContain(`'missing-${index}'`);
    }
  });

  test("a URI that the daemon does not serve is its error", async () => {
    const uri = "qemu:///system?name=nosuchdriver:///system";
    await expect(connect({ uri, socket: daemon().socket })).rejects.toMatchObject({ name: "LibvirtError" });
  });

  test("over ssh, with the real virt-ssh-helper in the daemon's place", async () => {
    await using sandbox = await SshSandbox.create([]);
    const pid = daemon().pid;
    await sandbox.install(
      "ssh",
      `#!/bin/sh\nfor command; do :; done\nexec nsenter --target ${pid} --mount /bin/sh -c "$command"\n`,
    );
    const ssh = { command: sandbox.ssh };
    await using client = await connect({ uri: "qemu+ssh://root@elsewhere/system", ssh });
    expect(await client.host.uri()).toBe(URI);
  });
}
