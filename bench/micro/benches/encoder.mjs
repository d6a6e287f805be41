/** Commands written as RESP. An operation is a command. */
import { deepStrictEqual } from 'node:assert/strict';
import { range, respOf } from './support.mjs';

/** What a lane's buffer begins with, and where it is flushed. */
const SMALL = 512;
const FLUSH_SIZE = 64 * 1024;

const COMMANDS = {
  GET: range(1_000, (i) => ['GET', `user:${i}:name`]),
  SET: range(1_000, (i) => ['SET', `user:${i}:name`, `value of the key number ${i}`]),
  'HSET of 10 fields': range(200, (i) => [
    'HSET',
    `user:${i}`,
    ...range(10, (field) => [`field${field}`, `value:${i}:${field}`]).flat(),
  ]),
  'SET of bytes': range(1_000, (i) => ['SET', bytesOf(i, 16), bytesOf(i, 64)]),
  'SET of short text beyond ASCII': range(1_000, (i) => ['SET', `größe:${i}`, `naïve ${i}`]),
  'SET of 10 KB of ASCII': range(50, (i) => ['SET', `page:${i}`, 'ascii text'.repeat(1_024)]),
  'SET of 10 KB of UTF-8': range(50, (i) => ['SET', `page:${i}`, 'schön€ '.repeat(1_024)]),
};

function bytesOf(seed, length) {
  return Buffer.from(range(length, (i) => (seed * 31 + i * 7) & 0xff));
}

export function encoderBenches({ RespWriter }) {
  const benches = Object.entries(COMMANDS).map(([name, commands]) => ({
    name: `encoder: ${name}`,
    setUp: () => encoding(new RespWriter(FLUSH_SIZE), commands),
  }));
  const appends = ['GET', 'HSET of 10 fields'].map((name) => ({
    name: `encoder: ${name}, appended`,
    setUp: () => appending(RespWriter, COMMANDS[name]),
  }));
  const growing = { name: 'encoder: GET, buffers that grow', setUp: () => growth(RespWriter) };
  return [...benches, ...appends, growing];
}

/** Into one buffer, which has its size after the first run. */
function encoding(writer, commands) {
  const run = () => {
    writer.length = 0;
    for (let i = 0; i < commands.length; i++) write(writer, commands[i]);
  };
  return { operations: commands.length, run, check: () => checkWritten(writer, run, commands) };
}

function checkWritten(writer, run, commands) {
  run();
  checkBytes(writer.bytes.subarray(0, writer.length), commands);
}

function checkBytes(written, commands) {
  deepStrictEqual(written.latin1Slice(), Buffer.concat(commands.map(respOf)).latin1Slice());
}

/** Commands that were written elsewhere before, as those of typed methods are. */
function appending(RespWriter, commands) {
  const sources = commands.map((args) => {
    const source = new RespWriter(SMALL);
    write(source, args);
    return source;
  });
  const writer = new RespWriter(FLUSH_SIZE);
  const run = () => {
    writer.length = 0;
    for (let i = 0; i < sources.length; i++) writer.append(sources[i]);
  };
  return { operations: commands.length, run, check: () => checkWritten(writer, run, commands) };
}

/** Into one buffer after the other, each from its first size to the one at which lanes flush. */
function growth(RespWriter) {
  const all = COMMANDS.GET;
  const size = respOf(all.at(-1)).length;
  const commands = range(Math.ceil(FLUSH_SIZE / size), (i) => all[i % all.length]);
  let written;
  const run = () => {
    const writer = new RespWriter(SMALL);
    for (let i = 0; i < commands.length; i++) write(writer, commands[i]);
    written = writer.detach();
  };
  return {
    operations: commands.length,
    run,
    check() {
      run();
      checkBytes(written, commands);
    },
  };
}

function write(writer, args) {
  writer.writeArrayHeader(args.length);
  for (let i = 0; i < args.length; i++) {
    const argument = args[i];
    if (typeof argument === 'string') writer.writeString(argument);
    else writer.writeBytes(argument);
  }
}
