import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FrameReader } from "../../../src/libvirt/rpc/index.ts";

/** One message without its length word: who sent it, and its bytes in hexadecimal. */
export type RecordedFrame = readonly [sender: "client" | "server", hex: string];

/** A unix socket that passes everything on to a daemon's and keeps a copy of each message. */
export class Recorder implements AsyncDisposable {
  readonly frames: RecordedFrame[] = [];
  readonly socket: string;
  readonly #directory: string;
  readonly #server = createServer((client) => this.#bridge(client));
  readonly #daemonSocket: string;
  readonly #open = new Set<Socket>();

  private constructor(directory: string, daemonSocket: string) {
    this.#directory = directory;
    this.#daemonSocket = daemonSocket;
    this.socket = join(directory, "recorder.sock");
  }

  static async start(daemonSocket: string): Promise<Recorder> {
    const recorder = new Recorder(await mkdtemp(join(tmpdir(), "bothy-recorder-")), daemonSocket);
    await new Promise<void>((resolve) => recorder.#server.listen(recorder.socket, resolve));
    return recorder;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** Cuts the connections that are open now. */
  hangUp(): void {
    for (const socket of this.#open) socket.destroy();
  }

  #bridge(client: Socket): void {
    const daemon = connect(this.#daemonSocket);
    this.#pass(client, daemon, "client");
    this.#pass(daemon, client, "server");
  }

  #pass(from: Socket, to: Socket, sender: "client" | "server"): void {
    this.#open.add(from);
    const frames = new FrameReader();
    from.on("data", (chunk) => {
      for (const frame of frames.push(chunk)) this.frames.push([sender, frame.toString("hex")]);
      to.write(chunk);
    });
    from.on("error", () => {});
    from.on("close", () => {
      this.#open.delete(from);
      to.destroy();
    });
  }
}
