import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openClient } from "../../../src/libvirt/client/open-client.ts";
import { connect, type LibvirtClient } from "../../../src/libvirt/index.ts";
import { memoryTransport } from "./support/memory-transport.ts";
import { Prng } from "./support/prng.ts";
import { loadRecording } from "./support/recording.ts";
import { replay } from "./support/replay.ts";
import { scenario } from "./support/scenario.ts";

const recording = loadRecording();

async function run(client: LibvirtClient): Promise<unknown> {
  const result = await scenario(client, recording.poolDirectory);
  await client.close();
  return JSON.parse(JSON.stringify(result));
}

test.each([1, 2, 3, 4, 5])("every message is the recorded one, in pieces (seed %i)", async (seed) => {
  const { transport, peer } = memoryTransport();
  const daemon = replay(peer, recording.frames, new Prng(seed));
  const client = openClient(transport, "qemu:///system", { keepalive: false });
  const outcome = client.then(run);
  await expect(Promise.race([outcome, daemon.then(() => outcome)])).resolves.toEqual(recording.result);
});

test("over a unix socket", async () => {
  const directory = await mkdtemp(join(tmpdir(), "bothy-replay-"));
  const socket = join(directory, "libvirt-sock");
  const server = createServer({ allowHalfOpen: true }, (peer) => {
    void replay(peer, recording.frames, new Prng(9));
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  try {
    const client = await connect({ uri: "qemu:///system", socket, keepalive: false });
    await expect(run(client)).resolves.toEqual(recording.result);
  } finally {
    server.close();
    await rm(directory, { recursive: true });
  }
});
