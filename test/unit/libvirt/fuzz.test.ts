import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { openClient } from "../../../src/libvirt/client/open-client.ts";
import { memoryTransport } from "./support/memory-transport.ts";
import { Prng } from "./support/prng.ts";
import { loadRecording } from "./support/recording.ts";
import { misbehave } from "./support/replay.ts";
import { scenario } from "./support/scenario.ts";

const { frames, poolDirectory } = loadRecording();

/** How a client may fail when its daemon talks nonsense. */
const TYPED = ["LibvirtError", "ConnectionLostError", "ConnectError", "XdrError", "EventOverflowError"];
const HANG_MS = 2000;

type Damage = (wire: Buffer, prng: Prng) => Buffer;

const damages: Record<string, Damage> = {
  "flipped bits": (wire, prng) => {
    const copy = Buffer.from(wire);
    if (prng.below(6) === 0) copy[prng.below(copy.length)] = prng.below(256);
    return copy;
  },
  "headers with other small numbers": (wire, prng) => {
    const copy = Buffer.from(wire);
    if (prng.below(6) === 0) copy.writeUInt32BE(prng.below(8), 4 * (2 + prng.below(5)));
    return copy;
  },
  "payload words that are other lengths": (wire, prng) => {
    const copy = Buffer.from(wire);
    const words = (copy.length - 28) >> 2;
    if (words > 0 && prng.below(4) === 0) {
      copy.writeUInt32BE(prng.below(2) ? prng.below(100) : 0xffff_ffff, 28 + 4 * prng.below(words));
    }
    return copy;
  },
  "messages cut short": (wire, prng) => {
    return prng.below(20) === 0 ? wire.subarray(0, prng.below(wire.length)) : wire;
  },
  "messages twice or not at all": (wire, prng) => {
    const copies = prng.below(8) === 0 ? prng.below(3) : 1;
    return Buffer.concat(Array.from({ length: copies }, () => wire));
  },
  "nothing but noise": (wire, prng) => prng.bytes(wire.length),
};

async function outcome(damage: (wire: Buffer) => Buffer): Promise<unknown> {
  const { transport, peer, destroyed } = memoryTransport();
  const daemon = misbehave(peer, frames, damage);
  const run = async () => {
    const client = await openClient(transport, "qemu:///system", { keepalive: false });
    try {
      await scenario(client, poolDirectory);
    } finally {
      await client.close();
    }
  };
  const error = await Promise.race([
    run().then(
      () => undefined,
      (reason: unknown) => reason,
    ),
    sleep(HANG_MS, new Error("the client hangs"), { ref: false }),
  ]);
  await daemon;
  expect(destroyed()).toBe(true);
  return error;
}

function isTyped(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return TYPED.includes(error.name) || (error as NodeJS.ErrnoException).code === "ERR_STREAM_PREMATURE_CLOSE";
}

test.each(Object.entries(damages))("%s: no crash, no hang, only typed errors", async (_, damage) => {
  for (let seed = 1; seed <= 30; seed += 1) {
    const prng = new Prng(seed);
    const error = await outcome((wire) => damage(wire, prng));
    if (error !== undefined && !isTyped(error)) throw new Error(`seed ${seed}`, { cause: error });
  }
});

test("without damage the scenario passes", async () => {
  expect(await outcome((wire) => wire)).toBeUndefined();
});
