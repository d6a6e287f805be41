/** What ends the sockets of a local client. */

import { describe, expect, it } from 'vitest';

import { ClientAbort } from '../../src/clients/client-abort.js';

describe('the listeners of an abort', () => {
  it('are called once, if they were not taken back', () => {
    const abort = new ClientAbort();
    const called: string[] = [];
    const [stays, leaves] = ['stays', 'leaves'].map((name) => () => void called.push(name));
    abort.addEventListener('abort', stays!);
    abort.addEventListener('abort', leaves!);
    abort.removeEventListener('abort', leaves!);
    abort.abort();
    abort.abort();
    expect(called).toEqual(['stays']);
  });

  it('are never more than 16: the oldest is let go of', () => {
    const abort = new ClientAbort();
    const called: number[] = [];
    for (let i = 0; i < 100; i++) abort.addEventListener('abort', () => void called.push(i));
    abort.abort();
    expect(called).toEqual(Array.from({ length: 16 }, (_, i) => 84 + i));
  });
});
