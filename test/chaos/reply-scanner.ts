/** Finds where replies begin in a server's bytes, whatever chunks they come in. */

const CRLF_LENGTH = 2;
const NO_BYTES = Buffer.alloc(0);

/** Follows one stream of RESP2 or RESP3. It trusts the server: it is for faults, not for clients. */
export class ReplyScanner {
  /** Values that the reply under way still lacks; 0 between replies. */
  #lacking = 0;
  /** Bytes of a bulk, its end included, that are still to come. */
  #skip = 0;
  /** The head of a value that was cut off. */
  #cut = NO_BYTES;

  /** Reads on; answers the offsets in `chunk` at which replies begin. */
  scan(chunk: Buffer): number[] {
    const starts: number[] = [];
    let at = 0;
    while (at < chunk.length) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, chunk.length - at);
        this.#skip -= skipped;
        at += skipped;
        continue;
      }
      if (this.#lacking === 0 && this.#cut.length === 0) {
        starts.push(at);
      }
      at = this.#readHead(chunk, at);
    }
    return starts;
  }

  #readHead(chunk: Buffer, at: number): number {
    const end = this.#endOfHead(chunk, at);
    if (end === -1) {
      this.#cut = Buffer.concat([this.#cut, chunk.subarray(at)]);
      return chunk.length;
    }
    const head = Buffer.concat([this.#cut, chunk.subarray(at, end)]).toString('latin1');
    this.#cut = NO_BYTES;
    this.#begin(head);
    return end;
  }

  #endOfHead(chunk: Buffer, at: number): number {
    // The line end itself may be cut in two.
    if (this.#cut.at(-1) === 0x0d && chunk[at] === 0x0a) return at + 1;
    const index = chunk.indexOf('\r\n', at);
    return index === -1 ? -1 : index + CRLF_LENGTH;
  }

  #begin(head: string): void {
    const length = Number.parseInt(head.slice(1), 10);
    if (this.#lacking > 0) this.#lacking--;
    switch (head[0]) {
      case '$':
      case '=':
      case '!':
        if (length >= 0) this.#skip = length + CRLF_LENGTH;
        break;
      case '*':
      case '~':
      case '>':
        this.#lacking += Math.max(0, length);
        break;
      case '%':
        this.#lacking += 2 * length;
        break;
      case '|':
        // The value that it stands before is still to come.
        this.#lacking += 2 * length + 1;
        break;
    }
  }
}
