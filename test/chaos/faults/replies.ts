/** What faults do to the replies of a host, on the connections that are open when they strike. */

import type { Strike } from '../fault.js';
import type { Link, ReplyHandler } from '../front.js';

/** Hands the replies to `handler`, of later connections too as long as none was struck. */
function interceptReplies({ site }: Strike, handler: ReplyHandler): void {
  const intercept = (link: Link): void => {
    link.handler = handler;
  };
  site.front.onLink = intercept;
  for (const link of site.front.links) intercept(link);
}

/** It strikes now: the connection is beyond help, and later ones are sound. */
function strikeOn(link: Link, strike: Strike): void {
  strike.hit();
  strike.site.front.onLink = undefined;
  link.handler = () => {};
}

/** Lets replies pass again; connections that were struck are reset. */
export function releaseReplies({ site }: Strike): void {
  site.front.onLink = undefined;
  for (const link of site.front.links) {
    if (link.handler === undefined) continue;
    link.handler = undefined;
    link.reset();
  }
}

/** Where a chunk can be cut so that a reply is cut in two. */
function insideReply(chunk: Buffer, starts: readonly number[]): number | undefined {
  const offset = 1 + Math.floor(Math.random() * (chunk.length - 1));
  for (let i = 0; i < Math.min(chunk.length - 1, 8); i++) {
    const at = 1 + ((offset + i) % (chunk.length - 1));
    if (!starts.includes(at)) return at;
  }
  return undefined;
}

/** Cuts a reply in two, sends the first half, and lets `then` do the rest; once for each link. */
export function cutReplies(strike: Strike, then: (link: Link) => void): void {
  interceptReplies(strike, (link, chunk, starts) => {
    const at = chunk.length < 2 ? undefined : insideReply(chunk, starts);
    if (at === undefined) {
      link.send(chunk);
      return;
    }
    strikeOn(link, strike);
    link.send(chunk.subarray(0, at));
    then(link);
  });
}

/** Puts bytes in the place of a reply; nothing that the server sends after them passes. */
export function replaceReply(strike: Strike, inject: (link: Link) => void): void {
  interceptReplies(strike, (link, chunk, starts) => {
    const [start] = starts;
    if (start === undefined) {
      link.send(chunk);
      return;
    }
    strikeOn(link, strike);
    if (start > 0) link.send(chunk.subarray(0, start));
    inject(link);
  });
}
