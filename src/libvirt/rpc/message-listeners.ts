import type { Message, Packet } from "../protocol/index.ts";
import { decode } from "../xdr/index.ts";

interface Listeners {
  readonly message: Message<unknown>;
  readonly handlers: Set<(payload: unknown) => void>;
}

/** Who wants which of the messages that the server sends unasked. */
export class MessageListeners {
  readonly #byNumber = new Map<string, Listeners>();

  /** Calls `handler` for each such message until the returned function is called. */
  add<P>(message: Message<P>, handler: (payload: P) => void): () => void {
    const key = `${message.program}/${message.number}`;
    const listeners = this.#byNumber.get(key) ?? { message, handlers: new Set() };
    this.#byNumber.set(key, listeners);
    const entry = (payload: unknown) => handler(payload as P);
    listeners.handlers.add(entry);
    return () => {
      listeners.handlers.delete(entry);
      if (listeners.handlers.size === 0) this.#byNumber.delete(key);
    };
  }

  /** Hands a message out. Throws `XdrError` when it is malformed; drops what nobody wants. */
  dispatch(packet: Packet): void {
    const listeners = this.#byNumber.get(`${packet.program}/${packet.procedure}`);
    if (!listeners) return;
    const payload = decode(listeners.message.payload, packet.payload);
    for (const handler of [...listeners.handlers]) handler(payload);
  }
}
