/**
 * How the address of a host's name is looked up. `getaddrinfo` cannot be called off, and libuv runs no
 * more than two at a time with its 4 threads. So attempts to connect that follow each other, to one
 * name that no DNS server answers, would soon keep all other names from being looked up.
 */

import { AsyncResource } from 'node:async_hooks';
import type { LookupFunction } from 'node:net';

import { loadDns } from '../util/load-module.js';
import { now, throwInTask } from '../util/timers.js';

type Callback = Parameters<LookupFunction>[2];

/** In ms: longer than systems try, so that an answer that is later is lost. */
const SHARED_FOR = 60_000;

interface Question {
  readonly askedAt: number;
  readonly waiting: Callback[];
}

/** For sockets, in place of `dns.lookup`: who asks what is being asked already waits for that answer. */
export const lookup = sharing((name, options, callback) => {
  // Asked for each time: whatever takes its place later is to be used, as sockets do.
  loadDns().lookup(name, options, callback);
});

/**
 * Lets those who ask the same while there is no answer share one. Nothing is kept after it.
 *
 * @param sharedFor - in ms, how long one waits for an answer before the next who asks does so anew.
 */
export function sharing(ask: LookupFunction, sharedFor = SHARED_FOR): LookupFunction {
  const asked = new Map<string, Question>();
  return (name, options, callback) => {
    // The answer comes in the async context of the one who asked first.
    const answered = AsyncResource.bind(callback);
    const key = JSON.stringify([name, options]);
    const other = asked.get(key);
    if (other !== undefined && now() - other.askedAt < sharedFor) {
      other.waiting.push(answered);
      return;
    }
    const question = { askedAt: now(), waiting: [answered] };
    asked.set(key, question);
    const forget = (): void => {
      if (asked.get(key) === question) asked.delete(key);
    };
    try {
      ask(name, options, (...answer) => {
        forget();
        for (const each of question.waiting) callSafely(() => each(...answer));
      });
    } catch (error) {
      forget();
      throw error;
    }
  };
}

/** What a listener to one socket throws is not to keep the answer from the others. */
function callSafely(callback: () => void): void {
  try {
    callback();
  } catch (error) {
    throwInTask(error);
  }
}
