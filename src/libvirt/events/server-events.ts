import { ConnectionLostError } from "../errors/index.ts";
import type { Message } from "../protocol/index.ts";
import { type CallOptions, type RpcConnection, untilAborted } from "../rpc/index.ts";
import { SharedRegistration } from "./shared-registration.ts";
import { type EventSink, Subscription } from "./subscription.ts";

/** A kind of message that the server sends while a callback is registered. */
export interface ServerEventKind<P, H> {
  readonly message: Message<P>;
  /** Registers the callback on the server. */
  register(): Promise<H>;
  /** Ends the registration. */
  deregister(handle: H): Promise<void>;
}

/** Opens subscriptions to one kind of message; `read` turns a message into an event or drops it. */
export interface ServerEvents<P> {
  subscribe<T>(read: (payload: P) => T | undefined, options?: CallOptions): Promise<Subscription<T>>;
}

/** Any number of subscriptions to one kind of message, over one registration. */
export function serverEvents<P, H>(rpc: RpcConnection, kind: ServerEventKind<P, H>): ServerEvents<P> {
  const registration = new SharedRegistration(
    () => kind.register(),
    (handle) => unlessLost(kind.deregister(handle)),
  );
  return {
    subscribe: (read, { signal } = {}) =>
      Subscription.open(async (sink) => {
        const stopListening = listen(rpc, kind.message, read, sink);
        const acquired = registration.acquire();
        try {
          await untilAborted(acquired, signal);
        } catch (error) {
          stopListening();
          acquired.then(() => registration.release()).catch(() => {}); // there is nothing to release
          throw error;
        }
        return () => {
          stopListening();
          return registration.release();
        };
      }),
  };
}

/** Listening starts before the registration: events can come right behind its reply. */
function listen<P, T>(
  rpc: RpcConnection,
  message: Message<P>,
  read: (payload: P) => T | undefined,
  sink: EventSink<T>,
): () => void {
  const stopListening = rpc.onMessage(message, (payload) => {
    const event = read(payload);
    if (event !== undefined) sink.push(event);
  });
  const stopWatching = rpc.onLost((loss) => sink.fail(loss));
  return () => {
    stopListening();
    stopWatching();
  };
}

async function unlessLost(action: Promise<void>): Promise<void> {
  try {
    await action;
  } catch (error) {
    if (!(error instanceof ConnectionLostError)) throw error;
  }
}
