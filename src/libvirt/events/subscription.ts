import { EventQueue, type NextOptions } from "./event-queue.ts";

/** Unread events that a subscription keeps. */
const QUEUE_LIMIT = 10_000;

/** Where a source puts its events. */
export interface EventSink<T> {
  push(event: T): void;
  /** No more events can come. */
  fail(error: Error): void;
}

/** Starts a flow of events; resolves to what stops it. */
export type EventSource<T> = (sink: EventSink<T>) => Promise<() => Promise<void>>;

/**
 * A live series of events, from the moment it was opened; unread ones are kept in order.
 *
 * Read it with `for await` or `next`. It ends when disposed; when the connection is lost, reading
 * throws `ConnectionLostError` after the events that came before.
 */
export class Subscription<T> implements AsyncDisposable {
  readonly #queue: EventQueue<T>;
  readonly #stop: () => Promise<void>;
  #stopped: Promise<void> | undefined;

  private constructor(queue: EventQueue<T>, stop: () => Promise<void>) {
    this.#queue = queue;
    this.#stop = stop;
  }

  /** Starts the source; rejects as it does. */
  static async open<T>(source: EventSource<T>): Promise<Subscription<T>> {
    const queue = new EventQueue<T>(QUEUE_LIMIT);
    const stop = await source({
      push: (event) => queue.push(event),
      fail: (error) => queue.end({ error }),
    });
    return new Subscription(queue, stop);
  }

  /**
   * The next event that `wanted` accepts; those before it are consumed. Rejects with the signal's
   * reason, `ConnectionLostError`, `EventOverflowError`, or an `AbortError` once disposed.
   */
  async next(wanted: (event: T) => boolean = () => true, options: NextOptions = {}): Promise<T> {
    for (;;) {
      const event = await this.#queue.take(options.signal);
      if (event === undefined) throw new DOMException("the subscription was disposed", "AbortError");
      if (wanted(event)) return event;
    }
  }

  /** Leaving the loop does not dispose the subscription. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (;;) {
      const event = await this.#queue.take();
      if (event === undefined) return;
      yield event;
    }
  }

  /** Ends the subscription, here and on the server. Idempotent; fine after the connection is lost. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#queue.end(null);
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }
}
