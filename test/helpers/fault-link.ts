/** One connection through a fault proxy: two lanes, each with its faults. */

import type { Socket } from 'node:net';

/** Which way bytes go. */
export type Direction = 'toServer' | 'toClient';

/** What the proxy tells its links to do; it may change at any time. */
export interface Faults {
  /** Whether bytes of the direction are held. */
  isPaused(direction: Direction): boolean;
  /** How long bytes are on their way, in milliseconds. */
  delayMs(): number;
  /** What goes on in place of these bytes. */
  transform(direction: Direction, chunk: Buffer): FaultResult;
  /** Called with the bytes that went on. */
  onForwarded(direction: Direction, bytes: number): void;
}

/** What becomes of a chunk, and whether the connection ends after it. */
export interface FaultResult {
  readonly chunk: Buffer;
  readonly isCut: boolean;
}

/** More than this in a lane stops the reading, as a full network would. */
const maxHeldBytes = 1024 * 1024;

interface Held {
  /** `undefined` stands for the end of the stream. */
  readonly chunk: Buffer | undefined;
  readonly due: number;
}

class Lane {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #direction: Direction;
  readonly #faults: Faults;
  readonly #cut: () => void;
  readonly #held: Held[] = [];
  #heldBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #isBlocked = false;
  /** Nothing goes on after a cut, also not while its last bytes are on their way. */
  #isCut = false;

  constructor(from: Socket, to: Socket, direction: Direction, faults: Faults, cut: () => void) {
    this.#from = from;
    this.#to = to;
    this.#direction = direction;
    this.#faults = faults;
    this.#cut = cut;
    from.on('data', (chunk: Buffer) => this.#hold(chunk));
    from.on('end', () => this.#hold(undefined));
    to.on('drain', () => {
      this.#isBlocked = false;
      this.pump();
    });
  }

  #hold(chunk: Buffer | undefined): void {
    this.#held.push({ chunk, due: performance.now() + this.#faults.delayMs() });
    this.#heldBytes += chunk?.length ?? 0;
    if (this.#heldBytes > maxHeldBytes) this.#from.pause();
    this.pump();
  }

  /** Sends on whatever may go on now. */
  pump(): void {
    clearTimeout(this.#timer);
    while (!this.#isCut && !this.#isBlocked && !this.#faults.isPaused(this.#direction)) {
      const next = this.#held[0];
      if (!next || this.#to.destroyed) return;
      const wait = next.due - performance.now();
      if (wait > 0) {
        this.#timer = setTimeout(() => this.pump(), Math.ceil(wait));
        return;
      }
      this.#held.shift();
      this.#forward(next.chunk);
    }
  }

  #forward(chunk: Buffer | undefined): void {
    if (chunk === undefined) {
      this.#to.end();
      return;
    }
    this.#heldBytes -= chunk.length;
    if (this.#heldBytes <= maxHeldBytes) this.#from.resume();
    const result = this.#faults.transform(this.#direction, chunk);
    const afterwards = result.isCut ? () => this.#cut() : undefined;
    this.#isCut = result.isCut;
    this.#isBlocked = !this.#to.write(result.chunk, afterwards);
    this.#faults.onForwarded(this.#direction, result.chunk.length);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#held.length = 0;
  }
}

/** A client's connection and the one that the proxy made to the server for it. */
export class FaultLink {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #lanes: readonly Lane[];

  /** @param onClosed - Called once, when both connections are gone. */
  constructor(client: Socket, server: Socket, faults: Faults, onClosed: () => void) {
    this.#client = client;
    this.#server = server;
    const cut = () => this.destroy();
    this.#lanes = [
      new Lane(client, server, 'toServer', faults, cut),
      new Lane(server, client, 'toClient', faults, cut),
    ];
    let open = 2;
    for (const socket of [client, server]) {
      socket.on('error', () => this.destroy());
      socket.on('close', () => {
        open -= 1;
        if (open === 0) onClosed();
        // A clean end waits for the other side; anything else ends both.
        else if (!socket.readableEnded || !socket.writableFinished) this.destroy();
      });
    }
  }

  /** Sends on what a pause held. */
  pump(): void {
    for (const lane of this.#lanes) lane.pump();
  }

  /** Ends both connections at once; with `reset`, the client sees a reset where there is TCP. */
  destroy(reset = false): void {
    for (const lane of this.#lanes) lane.stop();
    if (reset && this.#client.remoteAddress !== undefined) this.#client.resetAndDestroy();
    else this.#client.destroy();
    this.#server.destroy();
  }
}
