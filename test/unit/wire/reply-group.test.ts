/** The array in which decoders hand over replies. */

import { describe, expect, it } from 'vitest';

import { ProtocolError } from '../../../src/errors.js';
import { GROUP, giveBackGroup, takeGroup } from '../../../src/wire/reply-group.js';
import { Replies } from './decoding.js';

/** The one that the next decoder gets. */
function nextGroup(): unknown[] {
  const group = takeGroup();
  giveBackGroup(group);
  return group;
}

const held = () => nextGroup().filter((reply) => reply !== undefined);

const integers = (count: number) =>
  Buffer.from(Array.from({ length: count }, (_, i) => `:${i}\r\n`).join(''));

describe('the array of a group of replies', () => {
  it('holds none of them any more when a read is decoded', () => {
    for (const count of [1, GROUP - 1, GROUP, GROUP + 1, 3 * GROUP + 7]) {
      const replies = new Replies();
      expect(replies.decode(integers(count))).toHaveLength(count);
      expect(held()).toEqual([]);
    }
  });

  it('holds none of a stream that breaks the protocol, or whose queue is closed', () => {
    const broken = new Replies();
    expect(() => broken.decode(Buffer.concat([integers(5), Buffer.from('@\r\n')]))).toThrow();
    expect(broken.values).toHaveLength(5);
    expect(held()).toEqual([]);
    const closed = new Replies();
    closed.deliver = () => false;
    closed.decode(integers(2 * GROUP));
    expect(held()).toEqual([]);
    const refusing = new Replies();
    refusing.deliver = () => {
      throw new ProtocolError('not what was asked for');
    };
    expect(() => refusing.decode(integers(GROUP))).toThrow(ProtocolError);
    expect(held()).toEqual([]);
  });

  it('holds none where what came before a breach is refused, too', () => {
    const refusing = new Replies();
    refusing.deliver = () => {
      throw new ProtocolError('not what was asked for');
    };
    const bytes = Buffer.concat([integers(5), Buffer.from('@\r\n')]);
    expect(() => refusing.decode(bytes)).toThrow('not what was asked for');
    expect(held()).toEqual([]);
  });

  it('is used again, but not for ever', () => {
    const groups = new Set(Array.from({ length: 1000 }, nextGroup));
    expect(groups.size).toBeGreaterThan(1);
    expect(groups.size).toBeLessThan(100);
  });

  it('is not given to two at once', () => {
    const [one, other] = [takeGroup(), takeGroup()];
    expect(one).not.toBe(other);
    expect([one.length, other.length]).toEqual([GROUP, GROUP]);
  });
});
