/**
 * The partition of redis-blaster's default router, for the libraries that do not shard: the CRC-32
 * of the key as a signed number, modulo the number of hosts. The keys of the benchmarks are ASCII.
 */
const table = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** A function from a key to the index of its host. */
export function partition(hostCount) {
  return (key) => {
    let crc = -1;
    for (let i = 0; i < key.length; i++) {
      crc = table[(crc ^ key.charCodeAt(i)) & 0xff] ^ (crc >>> 8);
    }
    const remainder = ~crc % hostCount;
    // Never -0, which would be a slow index.
    return (remainder < 0 ? remainder + hostCount : remainder) | 0;
  };
}
