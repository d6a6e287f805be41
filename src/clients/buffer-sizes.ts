/**
 * How long the buffers of a cluster get, those that outgrow their first room. The next one that does
 * gets at once what the last one needed: over many hosts, what buffers leave behind as they grow is
 * a tenth of the garbage of a map.
 */
export class BufferSizes {
  /** Of the encoded commands. */
  bytes = 0;
  /** How many sinks. */
  sinks = 0;
  /** How many commands of a batch. */
  batch = 0;
}

/** With an eighth to spare: to a host go a few keys more or less than the last time. */
export function expectedSize(last: number): number {
  return last + (last >> 3);
}
