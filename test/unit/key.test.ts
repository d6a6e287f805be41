import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';

import { MisuseError } from '../../src/errors.js';
import { keyBytes, keyText, type Key } from '../../src/util/key.js';

const secret = 'hunter2';

describe('keyText', () => {
  it.each([
    ['plain', 'plain'],
    ['', ''],
    ['漢字 😀', '漢字 😀'],
    [42, '42'],
    [-7, '-7'],
    [-0, '0'],
    [Number.MAX_SAFE_INTEGER, '9007199254740991'],
    [Number.MIN_SAFE_INTEGER, '-9007199254740991'],
    [2n ** 70n, '1180591620717411303424'],
    [-1n, '-1'],
  ])('turns %o into its text', (key, text) => {
    expect(keyText(key)).toBe(text);
  });

  it('answers bytes themselves, whatever kind of Uint8Array', () => {
    const buffer = Buffer.from('bytes');
    const view = new Uint8Array(new TextEncoder().encode('--inside--').buffer, 2, 6);
    expect(keyText(buffer)).toBe(buffer);
    expect(keyText(view)).toBe(view);
  });

  it('accepts bytes of another realm', () => {
    const foreign = runInNewContext('new Uint8Array([1, 2])') as Uint8Array;
    expect(keyText(foreign)).toBe(foreign);
  });

  it.each([
    [true, 'a boolean'],
    [false, 'a boolean'],
    [null, 'null'],
    [undefined, 'undefined'],
    [1.5, 'a number that is no integer'],
    [NaN, 'a number that is no integer'],
    [Infinity, 'a number that is no integer'],
    [2 ** 53, 'an unsafe integer'],
    [[102, 111], 'array'],
    [{ secret }, 'an object'],
    [new String(secret), 'String'],
    [new Uint16Array(2), 'Uint16Array'],
    [new ArrayBuffer(2), 'ArrayBuffer'],
    [Symbol(secret), 'a symbol'],
    [() => secret, 'a function'],
  ])('refuses %o and says what it was, not its value', (value, kind) => {
    const act = () => keyText(value as Key);
    expect(act).toThrow(MisuseError);
    expect(act).toThrow(TypeError);
    expect(act).toThrow(kind);
    expect(act).not.toThrow(secret);
    expect(act).toThrow(expect.objectContaining({ code: 'RB_INVALID_ARGUMENT' }));
  });

  it.each(['\ud800', 'a\udfffb', '\udc00\ud800', 'é\ud83d'])('refuses lone surrogates', (key) => {
    expect(() => keyText(key)).toThrow(MisuseError);
    expect(() => keyText(key)).toThrow('surrogate');
  });
});

describe('keyBytes', () => {
  it('writes text as UTF-8 and integers as digits', () => {
    expect([...keyBytes('é😀')]).toEqual([0xc3, 0xa9, 0xf0, 0x9f, 0x98, 0x80]);
    expect(Buffer.from(keyBytes(-42)).toString()).toBe('-42');
    expect(Buffer.from(keyBytes(42n)).toString()).toBe('42');
  });

  it('does not copy bytes', () => {
    const bytes = new Uint8Array([0, 255]);
    expect(keyBytes(bytes)).toBe(bytes);
  });
});
