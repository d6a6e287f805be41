/**
 * How the address of a host's name is looked up. `getaddrinfo` cannot be called off, and libuv runs no
 * more than two at a time with its 4 threads. So attempts to connect that follow each other, to one
 * name that no DNS server answers, would soon keep all other names from being looked up.
 */

import { AsyncResource } from 'node:async_hooks';
import type { LookupFunction } from 'node:net';

import { loadDns } from '../util/load-module.js';

type Callback = Parameters<LookupFunction>[2];

/** For sockets, in place of `dns.lookup`: who asks what is being asked already waits for that answer. */
export const lookup = sharing((name, options, callback) => {
  // Asked for each time: whatever takes its place later is to be used, as sockets do.
  loadDns().lookup(name, options, callback);
});

/** Lets those who ask the same while there is no answer share one. Nothing is kept after it. */
export function sharing(ask: LookupFunction): LookupFunction {
  const asked = new Map<string, Callback[]>();
  return (name, options, callback) => {
    // The answer comes in the async context of the one who asked first.
    const waiting = AsyncResource.bind(callback);
    const question = JSON.stringify([name, options]);
    const others = asked.get(question);
    if (others !== undefined) {
      others.push(waiting);
      return;
    }
    const all = [waiting];
    asked.set(question, all);
    try {
      ask(name, options, (...answer) => {
        asked.delete(question);
        for (const each of all) each(...answer);
      });
    } catch (error) {
      asked.delete(question);
      throw error;
    }
  };
}
