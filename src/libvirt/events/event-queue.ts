/** More events came than were read; some are lost, so the subscription ended. */
export class EventOverflowError extends Error {
  override readonly name = "EventOverflowError";
}

/** Options of one wait. */
export interface NextOptions {
  /** Stops waiting: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

interface Waiter<T> {
  resolve(event: T | undefined): void;
  reject(error: unknown): void;
}

/** Events in order, from their source to those who wait for them. */
export class EventQueue<T> {
  readonly #limit: number;
  readonly #events: T[] = [];
  readonly #waiters = new Set<Waiter<T>>();
  /** Set at the end: an error, or `null` for a normal end. */
  #end: { error: unknown } | null | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  push(event: T): void {
    if (this.#end !== undefined) return;
    const [waiter] = this.#waiters;
    if (waiter) {
      this.#waiters.delete(waiter);
      waiter.resolve(event);
    } else if (this.#events.length < this.#limit) this.#events.push(event);
    else this.end({ error: new EventOverflowError(`more than ${this.#limit} events were not read`) });
  }

  /** Ends the queue: waiters and later readers get the error, or `undefined` without one. */
  end(end: { error: unknown } | null): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    for (const waiter of this.#waiters) {
      if (end) waiter.reject(end.error);
      else waiter.resolve(undefined);
    }
    this.#waiters.clear();
  }

  /** The oldest event not taken yet; `undefined` after a normal end. */
  take(signal?: AbortSignal): Promise<T | undefined> {
    const event = this.#events.shift();
    if (event !== undefined) return Promise.resolve(event);
    if (this.#end === null) return Promise.resolve(undefined);
    if (this.#end) return Promise.reject(this.#end.error);
    if (signal?.aborted) return Promise.reject(signal.reason);
    return this.#wait(signal);
  }

  #wait(signal: AbortSignal | undefined): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#waiters.delete(waiter);
        reject(signal?.reason);
      };
      const stopListening = () => signal?.removeEventListener("abort", abort);
      const waiter: Waiter<T> = {
        resolve: (event) => {
          stopListening();
          resolve(event);
        },
        reject: (error) => {
          stopListening();
          reject(error);
        },
      };
      this.#waiters.add(waiter);
      signal?.addEventListener("abort", abort, { once: true });
    });
  }
}
