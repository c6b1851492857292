import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { CreateFlags, type LibvirtClient, LibvirtError, ListFlags } from "../../../../src/libvirt/index.ts";

const NAME = "bothy-test-recorded";
const UUID = "11111111-2222-4333-8444-555555555555";
const METADATA = { uri: "urn:bothy:test", key: "bothy", xml: "<machine id='recorded'/>" };
const CONTENT = "0123456789abcdef".repeat(256);

/** A domain that TCG boots into its firmware and that has nothing else. */
export function domainXml(name: string, uuid?: string): string {
  return `<domain type='qemu'>
  <name>${name}</name>${uuid ? `<uuid>${uuid}</uuid>` : ""}
  <memory unit='MiB'>64</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type><bios useserial='yes'/></os>
  <features><acpi/></features>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <controller type='usb' model='none'/>
    <memballoon model='none'/>
    <serial type='pty'/>
    <channel type='unix'><target type='virtio' name='bothy.test.0'/></channel>
  </devices>
</domain>`;
}

/**
 * Uses most of the library once, in an order that does not depend on timing, and returns what came
 * out of it. It is recorded against a real daemon and replayed by the unit tests.
 */
export async function scenario(
  client: LibvirtClient,
  poolDirectory: string,
): Promise<Record<string, unknown>> {
  return {
    host: await askHost(client),
    missing: await lookUpMissing(client),
    domain: await runDomain(client),
    volume: await moveVolume(client, poolDirectory),
  };
}

async function askHost({ host }: LibvirtClient): Promise<unknown> {
  return {
    uri: await host.uri(),
    libvirt: await host.libvirtVersion(),
    hypervisor: await host.hypervisorVersion(),
    closeCallback: await host.supportsFeature(15),
  };
}

/** Three calls at once, each with its own error. */
async function lookUpMissing({ domains }: LibvirtClient): Promise<unknown> {
  const calls = ["one", "two"].map((name) => domains.lookupByName(`missing-${name}`));
  const outcomes = await Promise.allSettled([...calls, domains.lookupByUuid(UUID)]);
  return outcomes.map((outcome) => (outcome.status === "rejected" ? describeError(outcome.reason) : outcome));
}

async function runDomain({ domains }: LibvirtClient): Promise<unknown> {
  await using events = await domains.events();
  const domain = await domains.create(domainXml(NAME, UUID), CreateFlags.PAUSED);
  const listed = await domains.list(ListFlags.TRANSIENT);
  const before = await domains.metadata(domain, METADATA.uri);
  await domains.setMetadata(domain, METADATA);
  const after = await domains.metadata(domain, METADATA.uri);
  const console = await domains.console(domain);
  await domains.resume(domain); // only now: the console is there from the first instruction on
  const firmware = await readFirmware(console);
  await domains.suspend(domain);
  const paused = await domains.state(domain);
  await domains.resume(domain);
  const monitor = await domains.humanMonitorCommand(domain, "info status");
  await domains.destroy(domain);
  const stopped = await events.next(({ type }) => type === "stopped");
  const gone = await domains.state(domain).catch(describeError);
  return { domain, listed, before, after, firmware, paused, monitor, stopped, gone };
}

/** The firmware's first words; the rest of the console is aborted. */
async function readFirmware(console: AsyncIterable<Buffer>): Promise<boolean> {
  let seen = "";
  for await (const chunk of console) {
    seen += chunk.toString();
    if (seen.includes("SeaBIOS")) return true;
  }
  return false;
}

async function moveVolume({ storage }: LibvirtClient, directory: string): Promise<unknown> {
  const pool = await storage.createPool(
    `<pool type='dir'><name>bothy-test-pool</name><uuid>${UUID}</uuid><target><path>${directory}</path></target></pool>`,
  );
  const volume = await storage.createVolume(
    pool,
    `<volume><name>v</name><capacity>${CONTENT.length}</capacity></volume>`,
  );
  await pipeline(Readable.from([Buffer.from(CONTENT)]), await storage.upload(volume));
  const same = (await text(await storage.download(volume))) === CONTENT;
  await storage.deleteVolume(volume);
  await storage.destroyPool(pool);
  return { pool: pool.name, volume: volume.name, same };
}

function describeError(error: unknown): unknown {
  if (!(error instanceof LibvirtError)) throw error;
  const { codeName, domain, message, procedure } = error;
  return { codeName, domain, message, procedure };
}
