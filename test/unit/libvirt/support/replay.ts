import { once } from "node:events";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { FrameReader } from "../../../../src/libvirt/rpc/index.ts";
import type { Prng } from "./prng.ts";
import { onTheWire, type RecordedFrame } from "./recording.ts";

/** Bytes a client sends, as messages that can be waited for. */
class Inbox {
  readonly #frames: Buffer[] = [];
  #wake: () => void = () => {};

  constructor(peer: Duplex) {
    const reader = new FrameReader();
    peer.on("data", (chunk: Buffer) => {
      this.#frames.push(...reader.push(chunk));
      this.#wake();
    });
  }

  async next(): Promise<Buffer> {
    while (this.#frames.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#frames.shift() ?? Buffer.alloc(0);
  }
}

/**
 * Plays a recorded daemon: waits for each message of the client, which must be the recorded one to
 * the byte, and answers as it was recorded, cut into random pieces. Hangs up when the client does.
 */
export async function replay(peer: Duplex, frames: readonly RecordedFrame[], prng: Prng): Promise<void> {
  const inbox = new Inbox(peer);
  for (const [index, { sender, bytes }] of frames.entries()) {
    if (sender === "server") {
      for (const piece of prng.pieces(onTheWire(bytes), 64)) peer.write(piece);
    } else {
      const sent = await inbox.next();
      if (!sent.equals(bytes)) {
        throw new Error(
          `message ${index} differs: ${sent.toString("hex")} instead of ${bytes.toString("hex")}`,
        );
      }
    }
  }
  if (!peer.readableEnded) await once(peer, "end");
  peer.end();
}

/** How long a client may be silent before a hostile daemon stops caring what it sends. */
const PATIENCE_MS = 3;

/**
 * Plays a daemon gone wrong: its messages, damaged by `damage`, at about the recorded times; the
 * client's are not looked at. Hangs up at the end.
 */
export async function misbehave(
  peer: Duplex,
  frames: readonly RecordedFrame[],
  damage: (wire: Buffer) => Buffer,
): Promise<void> {
  const inbox = new Inbox(peer);
  let patient = true;
  for (const { sender, bytes } of frames) {
    if (sender === "server") peer.write(damage(onTheWire(bytes)));
    else if (patient)
      patient = await Promise.race([inbox.next().then(() => true), sleep(PATIENCE_MS, false)]);
  }
  peer.end();
}
