/** What can be sent as it is: text and bytes. */

import { isUint8Array } from 'node:util/types';

/** A key, a value or another argument that needs no conversion. */
export type Text = string | Uint8Array;

/** Far more than a server takes, 512 MiB unless told, and what every supported Node can copy. */
const MAX_BYTES = 2 ** 31 - 1;

const NONE = new Uint8Array(0);

/** Whether a value is text, or bytes that can be sent. */
export function isText(value: unknown): value is Text {
  return typeof value === 'string' || isBytes(value);
}

/** Whether a value is bytes that can be sent: a `Uint8Array`, also of another realm. */
export function isBytes(value: unknown): value is Uint8Array {
  // Not by `instanceof`, which a Proxy of bytes passes too: nobody can copy from that.
  return isUint8Array(value) && flawOf(value) === undefined;
}

/** What keeps a `Uint8Array` from being sent, to be read after its type; undefined if nothing does. */
export function flawOf(bytes: Uint8Array): string | undefined {
  if (bytes.length > MAX_BYTES) return 'of 2 GiB or more';
  if (bytes.length > 0 || isReadable(bytes)) return undefined;
  return 'whose ArrayBuffer was detached or shrunk';
}

/** Of an array that is or seems empty. Node 20 has no other way to ask. */
function isReadable(bytes: Uint8Array): boolean {
  try {
    NONE.set(bytes);
    return true;
  } catch {
    return false;
  }
}
