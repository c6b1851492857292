import { type Layout, lock } from "../../system/index.ts";
import type { BoxLayer } from "../box.ts";
import type { Below } from "./types.ts";

/**
 * The right to convert one tar, so that two processes do not do the same work. Given up while the layers below are
 * waited for: who holds it waits for nothing that another holder has to bring.
 */
export class Turn implements AsyncDisposable {
  readonly #path: string | undefined;
  readonly #signal: AbortSignal | undefined;
  #held: AsyncDisposable | undefined;
  /** Somebody else may have converted it meanwhile. */
  hasWaited = false;

  private constructor(path: string | undefined, signal: AbortSignal | undefined) {
    this.#path = path;
    this.#signal = signal;
  }

  /** Waits for its turn. A tar that is not known yet needs none. */
  static async take(
    layout: Layout,
    diffId: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Turn> {
    const turn = new Turn(diffId && layout.lock(`layer-${diffId}`), signal);
    await turn.#retake();
    return turn;
  }

  /** The layers below, as soon as they are there. */
  async awaiting(below: Below): Promise<readonly BoxLayer[]> {
    if (!(below instanceof Promise)) return below;
    await this.#giveUp();
    const layers = await below;
    await this.#retake();
    this.hasWaited = true;
    return layers;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#giveUp();
  }

  async #retake(): Promise<void> {
    if (this.#path === undefined) return;
    const onWait = () => (this.hasWaited = true);
    this.#held = await lock(this.#path, { signal: this.#signal, onWait });
  }

  async #giveUp(): Promise<void> {
    await this.#held?.[Symbol.asyncDispose]();
    this.#held = undefined;
  }
}
