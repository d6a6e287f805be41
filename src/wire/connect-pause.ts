/** The pause of a pool between attempts to connect, which all its channels keep. */

import type { ConnectionError, TimeoutError } from '../errors.js';
import { now } from '../util/timers.js';
import { backOff, type BackOffBounds } from './back-off.js';

export class ConnectPause {
  readonly #bounds: BackOffBounds;
  /** Pauses since a connection was usable. */
  #count = 0;
  #length = 0;
  #until = 0;
  #reason: ConnectionError | TimeoutError | undefined;

  constructor(bounds: BackOffBounds) {
    this.#bounds = bounds;
  }

  /** In ms: how long the pause is, or the last one was; 0 if there was none. */
  get length(): number {
    return this.#length;
  }

  /** Why there is to be no attempt now; undefined if there may be one. */
  get reason(): ConnectionError | TimeoutError | undefined {
    return now() < this.#until ? this.#reason : undefined;
  }

  /** An attempt failed. Of those that failed side by side the first one counts. */
  begin(reason: ConnectionError | TimeoutError): void {
    if (now() < this.#until) return;
    this.#reason = reason;
    this.#length = backOff(this.#bounds, this.#count++);
    this.#until = now() + this.#length;
  }

  /** A connection is usable, or all were ended on purpose. */
  end(): void {
    this.#count = 0;
    this.#length = 0;
    this.#until = 0;
    this.#reason = undefined;
  }
}
