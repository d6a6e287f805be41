/** What several benches are made with. */

/** The array of `make(0)` to `make(count - 1)`. */
export function range(count, make) {
  return Array.from({ length: count }, (_, i) => make(i));
}

/** A command as RESP, made the simplest way: what the library writes is compared with it. */
export function respOf(args) {
  const bulks = args.map((argument) => {
    const bytes = Buffer.from(argument);
    return Buffer.concat([Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n')]);
  });
  return Buffer.concat([Buffer.from(`*${args.length}\r\n`), ...bulks]);
}

/** Hosts as far as a router looks at them. */
export function hostMap(count) {
  const host = (hostId) => ({ hostId, host: '127.0.0.1', port: 6379 + hostId, db: 0, ssl: false });
  return new Map(range(count, (hostId) => [hostId, host(hostId)]));
}
