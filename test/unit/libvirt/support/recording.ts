import { readFileSync } from "node:fs";

/** One message without its length word. */
export interface RecordedFrame {
  readonly sender: "client" | "server";
  readonly bytes: Buffer;
}

/** What a real daemon and this library once said to each other; see test/fixtures/libvirt/record.mjs. */
export interface Recording {
  readonly frames: readonly RecordedFrame[];
  /** What the scenario returned. */
  readonly result: unknown;
  readonly poolDirectory: string;
}

export function loadRecording(): Recording {
  const file = new URL("../../../fixtures/libvirt/scenario.json", import.meta.url);
  const { frames, result, poolDirectory } = JSON.parse(readFileSync(file, "utf8"));
  return {
    frames: frames.map(([sender, hex]: [RecordedFrame["sender"], string]) => ({
      sender,
      bytes: Buffer.from(hex, "hex"),
    })),
    result,
    poolDirectory,
  };
}

/** A frame with the length word that goes before it on the wire. */
export function onTheWire(frame: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(frame.length + 4);
  return Buffer.concat([length, frame]);
}
