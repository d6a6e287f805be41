/** The pause of a pool between attempts to connect. */

import { describe, expect, it } from 'vitest';

import { ConnectionError } from '../../../src/errors.js';
import { ConnectPause } from '../../../src/wire/connect-pause.js';

/** No pause of a test ends by itself. */
const BOUNDS = { minDelay: 3_600_000, maxDelay: 360_000_000 };

const first = new ConnectionError('the first');
const second = new ConnectionError('the second');

describe('a pause', () => {
  it('is begun once by attempts that fail side by side', () => {
    const pause = new ConnectPause(BOUNDS);
    pause.begin(first);
    const { length } = pause;
    pause.begin(second);
    expect(pause.length).toBe(length);
    expect(pause.reason).toBe(first);
  });

  it('begins anew when it was ended', () => {
    const pause = new ConnectPause(BOUNDS);
    pause.begin(first);
    pause.end();
    expect([pause.length, pause.reason]).toEqual([0, undefined]);
    pause.begin(second);
    expect(pause.reason).toBe(second);
    expect(pause.length).toBeLessThanOrEqual(BOUNDS.minDelay * 1.5);
  });
});
