/**
 * The methods behind `Buffer#toString`, which Node has always had and `@types/node` leaves out:
 * called by name they save the choice of an encoding, on a path taken once per reply.
 */

declare global {
  interface Buffer {
    utf8Slice(start: number, end: number): string;
    latin1Slice(start: number, end: number): string;
  }
}

export {};
