/** Streams of replies decoded, in the chunks in which a socket hands them over. */
import { deepStrictEqual } from 'node:assert/strict';
import { range } from './support.mjs';

/** As much as a connection reads at once. */
const READ = 64 * 1024;
const BULK = 100 * 1024;
/** The type of a bulk string in a type mapping. */
const BLOB_STRING = '$'.charCodeAt(0);

const bulk = (text) => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
const array = (items) => `*${items.length}\r\n${items.join('')}`;
const reply = (text, value) => ({ text, value });

// Each makes one reply: the text that a server sends for it, and the value that has to come of it.

const string = (value) => reply(bulk(value), value);
const short = (i) => string(`value:${1_000 + i}`);
const medium = (i) => string(`${1_700_000_000_000 + i}-value`);
const long = (i) => string(`a value ${i}`.padEnd(40, '.'));
const accented = (i) => string(`größe:${i}`);
const double = (value) => reply(`,${value}\r\n`, value);

function integer(i) {
  const value = i * 7_919 * (i % 2 === 0 ? 1 : -1);
  return reply(`:${value}\r\n`, value);
}

/** As MGET answers. */
function values(i) {
  const value = range(512, (j) => `value:${i}:${j}`);
  return reply(array(value.map(bulk)), value);
}

/** As HGETALL answers. */
function map(i) {
  const fields = range(10, (field) => [`field${field}`, `value:${i}:${field}`]);
  return reply(`%10\r\n${fields.flat().map(bulk).join('')}`, Object.fromEntries(fields));
}

/** As XRANGE answers: entries of an id and a list of fields and values. */
function entries(i) {
  const fields = ['sensor', `${i}`, 'temperature', '19.8'];
  const value = range(10, (entry) => [`${1_700_000_000_000 + i}-${entry}`, fields]);
  const text = array(value.map(([id]) => array([bulk(id), array(fields.map(bulk))])));
  return reply(text, value);
}

function page(i) {
  return string(String.fromCharCode(97 + i).repeat(BULK));
}

function pageOfBytes(i) {
  const { text, value } = page(i);
  return reply(text, Buffer.from(value));
}

/** Of everything, and longer than any chunk, so that chunks end in the midst of tokens. */
function mixture() {
  const plain = [reply('+OK\r\n', 'OK'), reply('$-1\r\n', null), reply('#t\r\n', true)];
  return range(400, (i) => [
    ...plain,
    ...range(4, (j) => short(i + j)),
    double(i / 8),
    integer(i),
    map(i),
    entries(i),
  ]).flat();
}

export function decoderBenches({ Decoder, DecodeMapping }) {
  const text = new DecodeMapping(undefined);
  const bytes = new DecodeMapping({ [BLOB_STRING]: Buffer });
  const whole = (replies, mapping = text, chunk = READ) =>
    decoding(Decoder, new Replies(mapping), replies, chunk);
  return Object.entries({
    'strings of 10 bytes': () => whole(range(1_000, short)),
    'strings of 19 bytes': () => whole(range(1_000, medium)),
    'strings of 40 bytes': () => whole(range(1_000, long)),
    'strings beyond ASCII': () => whole(range(1_000, accented)),
    'simple strings': () => whole(range(1_000, () => reply('+OK\r\n', 'OK'))),
    nulls: () => whole(range(1_000, () => reply('_\r\n', null))),
    integers: () => whole(range(1_000, integer)),
    'doubles of few digits': () => whole(range(1_000, (i) => double(i + 0.25))),
    'doubles of 17 digits': () => whole(range(1_000, (i) => double(Math.sqrt(i + 2)))),
    'an array of 512 strings': () => whole(range(8, values)),
    'an array of 512, one by one': () =>
      decoding(Decoder, new Elements(text), range(8, values), READ),
    'maps of 10 fields': () => whole(range(200, map)),
    'nested arrays, 10 entries': () => whole(range(50, entries)),
    'bulks of 100 KB, as text': () => whole(range(10, page)),
    'bulks of 100 KB, as bytes': () => whole(range(10, pageOfBytes), bytes),
    'everything, in chunks of 64 KB': () => whole(mixture()),
    'everything, in chunks of 1 KB': () => whole(mixture(), text, 1_024),
  }).map(([name, setUp]) => ({ name: `decoder: ${name}`, setUp }));
}

/** An operation is a reply. */
function decoding(Decoder, queue, replies, chunkSize) {
  const stream = Buffer.from(replies.map(({ text }) => text).join(''));
  const chunks = range(Math.ceil(stream.length / chunkSize), (i) =>
    stream.subarray(i * chunkSize, (i + 1) * chunkSize),
  );
  const decoder = new Decoder(queue, replyError);
  const run = () => {
    for (let i = 0; i < chunks.length; i++) decoder.write(chunks[i]);
  };
  return {
    operations: replies.length,
    run,
    check() {
      queue.values = [];
      run();
      deepStrictEqual(
        // Not the heads of arrays that are delivered element by element.
        queue.values.filter((value) => typeof value !== 'symbol'),
        queue.expected(replies.map(({ value }) => value)),
      );
      queue.values = undefined;
    },
  };
}

/** A connection's queue that never runs dry. It takes all replies, and keeps the last. */
class Replies {
  last = undefined;
  /** All of them, while the work is checked. */
  values = undefined;
  #mapping;

  constructor(mapping) {
    this.#mapping = mapping;
  }

  nextMapping() {
    return this.#mapping;
  }

  takesElements() {
    return false;
  }

  expected(values) {
    return values;
  }

  deliver(replies, count) {
    this.last = replies[count - 1];
    this.values?.push(...replies.slice(0, count));
    return true;
  }
}

/** The same for merged `GET`s: behind a head, the elements are delivered as if they were replies. */
class Elements extends Replies {
  takesElements() {
    return true;
  }

  expected(values) {
    return values.flat();
  }
}

function replyError(message) {
  return new Error(message);
}
