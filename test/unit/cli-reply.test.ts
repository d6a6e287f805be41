/** How the command line writes replies, keys, numbers and messages. */

import { describe, expect, it } from 'vitest';

import { bar } from '../../src/cli/bars.js';
import { jsonText } from '../../src/cli/json.js';
import { FieldList, replyBytes, replyJson, replyLines, VerbatimText } from '../../src/cli/reply.js';
import { formatTable } from '../../src/cli/table.js';
import {
  displayText,
  formatBytes,
  formatCount,
  formatShare,
  hideLogin,
  oneLine,
  plural,
  quoteBytes,
  redactUrls,
} from '../../src/cli/text.js';

const bytes = (text: string): Buffer => Buffer.from(text);
const fields = (...list: unknown[]): unknown => FieldList.from(list);

describe('replyLines', () => {
  // What redis-cli 7.0 prints for these on a terminal.
  it.each([
    ['OK', 'OK'],
    ['42', '(integer) 42'],
    ['-9223372036854775808', '(integer) -9223372036854775808'],
    [null, '(nil)'],
    [bytes(''), '""'],
    [bytes('a "b" \\'), '"a \\"b\\" \\\\"'],
    [bytes('\n\r\t\x07\b\0\x7f'), '"\\n\\r\\t\\a\\b\\x00\\x7f"'],
    [bytes('ü'), '"\\xc3\\xbc"'],
    [1.5, '(double) 1.5'],
    [-Infinity, '(double) -inf'],
    [NaN, '(double) nan'],
    [true, '(true)'],
    [123n, '(big number) 123'],
    [new Error('ERR bad\x1b[31m'), '(error) ERR bad [31m'],
    [[], '(empty array)'],
  ])('writes %o as %s', (reply, line) => {
    expect(replyLines(reply)).toEqual([line]);
  });

  it('numbers lists, and indents lists in lists', () => {
    const list = [bytes('a'), [bytes('b'), '1', []], ...Array<null>(8).fill(null)];
    expect(replyLines(list).slice(0, 5)).toEqual([
      ' 1) "a"',
      ' 2) 1) "b"',
      '    2) (integer) 1',
      '    3) (empty array)',
      ' 3) (nil)',
    ]);
    expect(replyLines(list).at(-1)).toBe('10) (nil)');
  });

  it('shows verbatim text line by line, without control characters', () => {
    const text = new VerbatimText('txt', '# Server\r\nname:\x1b[31mx\r\n');
    expect(replyLines(text)).toEqual(['# Server', 'name:\\x1b[31mx']);
  });
});

describe('replyBytes', () => {
  it('keeps bytes, and puts each element on a line of its own', () => {
    const value = Buffer.from([0, 0xff, 0x0a]);
    const expected = Buffer.concat([value, bytes('\n7\n\nb\n1.5')]);
    expect(replyBytes([value, ['7', null, bytes('b')], 1.5])).toEqual(expected);
  });
});

describe('replyJson', () => {
  it.each([
    [bytes('ü'), 'ü'],
    [Buffer.from([0xff]), { base64: '/w==' }],
    ['12', 12],
    ['9007199254740993', '9007199254740993'],
    [10n, 10],
    [Infinity, 'inf'],
    [null, null],
    [false, false],
    [new VerbatimText('txt', 'text'), 'text'],
    [
      [bytes('a'), new Error('ERR x')],
      ['a', { error: 'ERR x' }],
    ],
    [fields(), {}],
    [fields(bytes('a'), bytes('1'), '2', [fields(bytes('b'), '3')]), { a: '1', 2: [{ b: 3 }] }],
    [
      fields(bytes('a'), '1', Buffer.from([0xff]), '2', Buffer.from([0xfe]), bytes('b')),
      [
        ['a', 1],
        [{ base64: '/w==' }, 2],
        [{ base64: '/g==' }, 'b'],
      ],
    ],
  ])('makes %o to %o', (reply, json) => {
    expect(replyJson(reply)).toEqual(json);
  });

  it('keeps a field that has a meaning in JavaScript', () => {
    const json = JSON.stringify(replyJson(fields(bytes('__proto__'), bytes('x'))));
    expect(json).toBe('{"__proto__":"x"}');
  });
});

describe('jsonText', () => {
  it('escapes every control character, also those that JSON lets through', () => {
    const value = { 'a\x9b31m': '\x1b[\x7f\x80ü' };
    const text = jsonText(value);
    expect(text).toBe('{"a\\u009b31m":"\\u001b[\\u007f\\u0080ü"}');
    expect(JSON.parse(text)).toEqual(value);
  });
});

describe('text', () => {
  it('shows plain keys as they are, and quotes the others', () => {
    expect(displayText('user:1 ü 漢')).toBe('user:1 ü 漢');
    expect(displayText(bytes('plain'))).toBe('plain');
    expect(displayText('')).toBe('""');
    expect(displayText('"a"')).toBe('"\\"a\\""');
    expect(displayText('a\u202eb')).toBe(quoteBytes(bytes('a\u202eb')));
    expect(displayText(Buffer.from([0xc3]))).toBe('"\\xc3"');
  });

  it('takes logins out of URLs, wherever they end', () => {
    expect(redactUrls('at redis://u:p@h:1, unix://:x@/s')).toBe(
      'at redis://***@h:1, unix://***@/s',
    );
    expect(redactUrls('redis://:a/b@c,d@h')).toBe('redis://***@h');
    expect(redactUrls('mail a@b')).toBe('mail a@b');
  });

  it('takes logins out of what has no other @, whatever they are made of', () => {
    expect(hideLogin('redis://u:my s3cret@h')).toBe('redis://***@h');
    expect(hideLogin('admin:a/b@c\nd@h')).toBe('***@h');
    expect(hideLogin('partition')).toBe('partition');
    expect(hideLogin('user:1')).toBe('user:1');
  });

  it.each([
    ['redis://h?password=s3cret', 'redis://h?***'],
    ['redis://h/0#s3cret', 'redis://h/0#***'],
    ['redis://:s3cret', 'redis://***'],
    ['redis://u:s3cret/x', 'redis://***'],
    ['redis://u:s/3cret@h', 'redis://***'],
    ['redis://u:s3\ncret@h:1/2', 'redis://***@h:1/2'],
    [' redis://u:s3cret@h', '***'],
  ])('takes out of %j what may be a login that is no plain one', (text, shown) => {
    expect(hideLogin(text)).toBe(shown);
  });

  it('keeps messages on one line', () => {
    expect(oneLine(' a\r\nb\x1b[0m ')).toBe('a b [0m');
  });

  it('writes numbers for people', () => {
    expect(formatCount(1234567.8)).toBe('1,234,568');
    expect([0, 1023, 1024, 1536, 1024 ** 3].map(formatBytes)).toEqual([
      '0 B',
      '1023 B',
      '1.0 KB',
      '1.5 KB',
      '1.0 GB',
    ]);
    expect(formatBytes(1024 * 1024 - 1)).toBe('1.0 MB');
    expect(formatShare(0.9995)).toBe('100.0%');
    expect([plural(1, 'host'), plural(0, 'host')]).toEqual(['1 host', '0 hosts']);
  });
});

describe('formatTable', () => {
  it('aligns columns, whatever their colours, and ends no line with spaces', () => {
    const columns = [{ title: 'A' }, { title: 'COUNT', isRight: true }, { title: 'C' }];
    const rows = [
      ['\x1b[31mlong\x1b[39m', '7', 'one\ntwo\n'],
      ['', '1,000', ''],
    ];
    expect(formatTable(columns, rows)).toBe(
      [
        'A     COUNT  C',
        '\x1b[31mlong\x1b[39m      7  one',
        '             two',
        '',
        '      1,000',
      ].join('\n'),
    );
  });

  it('aligns numbers in the last column, too', () => {
    const table = formatTable([{ title: 'A' }, { title: 'N', isRight: true }], [['x', '10']]);
    expect(table).toBe('A   N\nx  10');
  });
});

describe('bar', () => {
  it('is as long as its value says, to an eighth of a character', () => {
    expect(bar(8, 8, 4)).toBe('████');
    expect(bar(3, 8, 4)).toBe('█▌');
    expect(bar(1, 1_000_000, 4)).toBe('▏');
    expect(bar(0, 8, 4)).toBe('');
    expect(bar(0, 0, 4)).toBe('');
  });
});
