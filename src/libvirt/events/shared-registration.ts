/**
 * One registration on the server for any number of users here: a server refuses a second one for
 * the same thing on the same connection ("event callback already tracked").
 *
 * It is made for the first user and ended after the last; steps never overlap.
 */
export class SharedRegistration<H> {
  readonly #register: () => Promise<H>;
  readonly #deregister: (handle: H) => Promise<void>;
  #handle: { value: H } | undefined;
  #users = 0;
  #lastStep: Promise<void> = Promise.resolve();

  constructor(register: () => Promise<H>, deregister: (handle: H) => Promise<void>) {
    this.#register = register;
    this.#deregister = deregister;
  }

  /** Resolves once registered; rejects as registering does, and then nothing is held. */
  async acquire(): Promise<void> {
    this.#users += 1;
    try {
      await this.#step();
    } catch (error) {
      this.#users -= 1;
      throw error;
    }
  }

  /** Gives up one `acquire` that resolved. */
  release(): Promise<void> {
    this.#users -= 1;
    return this.#step();
  }

  #step(): Promise<void> {
    const step = this.#lastStep.then(() => this.#apply());
    this.#lastStep = step.catch(() => {}); // the caller of the step has its error
    return step;
  }

  async #apply(): Promise<void> {
    if (this.#users > 0 && !this.#handle) {
      this.#handle = { value: await this.#register() };
    } else if (this.#users === 0 && this.#handle) {
      const { value } = this.#handle;
      this.#handle = undefined;
      await this.#deregister(value);
    }
  }
}
