/** The command line on a terminal: quoting, colours, questions, and what is drawn in place. */

import { beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { hasTerminals, type RunningCli, useCli } from '../helpers/cli.js';
import { connectDirect } from '../helpers/direct-client.js';
import { condition, useServers } from '../helpers/servers.js';

const servers = useServers({ servers: 1, databasesEach: 2 });
const cli = useCli();

const CTRL_C = '\x03';
const CTRL_D = '\x04';
const ESCAPE = '\x1b[';

beforeAll(() => cli.configure(servers.servers, 2));
beforeEach(async () => {
  const direct = await connectDirect(servers.servers[0]!);
  await direct.flushAll();
  for (const database of [0, 1]) {
    await direct.select(database);
    await direct.set('here', '1');
  }
  direct.destroy();
});

/** Runs a line of shell on a terminal; answers what it showed, without control sequences. */
async function show(line: string): Promise<string> {
  const running = cli.startOnTerminal(line, { NO_COLOR: '1' });
  const { code } = await running.result;
  expect(code).toBe(0);
  expect(running.rawText).not.toContain(ESCAPE);
  return running.text.replaceAll('\r\n', '\n');
}

/** How many keys the two databases have. */
async function sizes(): Promise<number[]> {
  const counts: number[] = [];
  for (const database of [0, 1]) {
    const direct = await connectDirect(servers.servers[0]!, { database });
    counts.push(await direct.dbSize());
    direct.destroy();
  }
  return counts;
}

describe.skipIf(!hasTerminals)('on a terminal', () => {
  it('exec quotes replies as redis-cli does, and prints them raw with --raw', async () => {
    await show("rb exec SET bytes 'a\"ü'");
    expect(await show('rb exec GET bytes')).toBe('"a\\"\\xc3\\xbc"\n');
    expect(await show('rb exec --raw GET bytes')).toBe('a"ü\n');
    expect(await show('rb exec INCRBY n 41')).toBe('(integer) 41\n');
    expect(await show('rb exec GET nothing')).toBe('(nil)\n');
    expect(await show('rb exec LRANGE nothing 0 -1')).toBe('(empty array)\n');
    await show('rb exec HSET hash name Ada');
    expect(await show('rb exec HGETALL hash')).toBe('1) "name"\n2) "Ada"\n');
  });

  it('where and keys quote only what is not plain to read', async () => {
    const direct = await connectDirect(servers.servers[0]!);
    await direct.flushDb();
    await direct.mSet({ 'ключ 1': '', 'a\x1b[31mb': '' });
    direct.destroy();
    const shown = await show('rb keys --on 0');
    expect(shown.trimEnd().split('\n').sort()).toEqual(['"a\\x1b[31mb"', 'ключ 1']);
    expect(await show('printf "a\\033[31mb" | rb where')).toMatch(/ "a\\x1b\[31mb"\n$/);
  });

  it('uses colours, unless NO_COLOR is set', async () => {
    const colored = cli.startOnTerminal('rb all PING');
    await colored.result;
    expect(colored.rawText).toContain(`${ESCAPE}1mHOST${ESCAPE}22m`);
    expect(await show('rb all PING')).toMatch(/^HOST /);
  });

  it('shows errors with the place that they are from', async () => {
    const text = await show('rb exec SET word x; rb exec INCR word || true');
    expect(text).toMatch(/rb: \(error\) ERR value is not an integer or out of range \(host \d, /);
  });

  it('draws progress on stderr while keys are counted, and takes it away', async () => {
    const running = cli.startOnTerminal('rb keys --count > counts.txt; cat counts.txt');
    const { code } = await running.result;
    expect(code).toBe(0);
    expect(running.text).toMatch(/scanning [█░]+ \d+% \| \d+ keys/);
    expect(running.text).toMatch(/total +2\r\n$/);
  });
});

describe.skipIf(!hasTerminals)('a command that cannot be undone', () => {
  const ask = async (): Promise<RunningCli> => {
    const running = cli.startOnTerminal('rb all FLUSHDB; echo "exit $?"');
    await running.shows('FLUSHDB on 2 hosts (0-1): go ahead? (y/N)');
    expect(await sizes()).toEqual([1, 1]);
    return running;
  };

  it('is asked about without colours where NO_COLOR is set', async () => {
    const running = cli.startOnTerminal('rb all FLUSHDB; echo "exit $?"', { NO_COLOR: '1' });
    await running.shows('go ahead? (y/N)');
    running.write('n\r');
    await running.shows('exit 1');
    await running.result;
    expect(running.rawText.split(ESCAPE).filter((part) => /^[\d;]*m/.test(part))).toEqual([]);
  });

  it('runs after a yes', async () => {
    const running = await ask();
    running.write('y\r');
    await running.shows('exit 0');
    await running.result;
    expect(await sizes()).toEqual([0, 0]);
  });

  it.each(['n\r', '\r', CTRL_D])('does not run after %j', async (answer) => {
    const running = await ask();
    running.write(answer);
    await running.shows('exit 1');
    await running.result;
    expect(running.text).toMatch(/^rb: nothing was done\r$/m);
    expect(await sizes()).toEqual([1, 1]);
  });

  it('does not run after Ctrl-D where the config leaves something open', async () => {
    cli.file(
      'open.config.mjs',
      "import { readFileSync } from 'node:fs'; setInterval(() => {}, 1000);\n" +
        "export default JSON.parse(readFileSync('rb.config.json'));\n",
    );
    const running = cli.startOnTerminal('rb all --config open.config.mjs FLUSHDB; echo "exit $?"');
    await running.shows('go ahead? (y/N)');
    running.write(CTRL_D);
    await running.shows('exit 1');
    await running.result;
    expect(await sizes()).toEqual([1, 1]);
  });

  it('does not run after Ctrl-C, which ends with 130', async () => {
    const running = await ask();
    running.write(CTRL_C);
    await running.shows('exit 130');
    await running.result;
    expect(await sizes()).toEqual([1, 1]);
  });
});

describe.skipIf(!hasTerminals)('what goes on', () => {
  it('status --watch draws in place, and leaves the last look behind after Ctrl-C', async () => {
    // The shell would be interrupted, too.
    const running = cli.startOnTerminal(
      'trap : INT; rb status --watch --interval 0.05; echo "exit $?"',
    );
    const looks = (): number => running.rawText.split(`${ESCAPE}H`).length - 1;
    await condition(() => looks() >= 3, 15_000);
    running.write(CTRL_C);
    await running.shows('exit 130');
    await running.result;
    const [, left = ''] = running.rawText.split(`${ESCAPE}?1049l`);
    expect(running.rawText).toContain(`${ESCAPE}?1049h`);
    expect(left).toContain(`${ESCAPE}1mHOST`);
    expect(left).toContain('2/2 up');
    // Each look is drawn over the one before, without a line end after the last line.
    expect(running.rawText).toContain(`${ESCAPE}K${ESCAPE}J`);
  });

  it('status --watch keeps each line on one line of a narrow terminal', async () => {
    const running = cli.startOnTerminal(
      'stty cols 60; trap : INT; rb status --watch --interval 0.05; echo "exit $?"',
    );
    await running.shows('no room for VERSION');
    running.write(CTRL_C);
    await running.shows('exit 130');
    await running.result;
    // Lines are cut where the terminal ends, and broken again when all is over.
    const cut = running.rawText.indexOf(`${ESCAPE}?7l`);
    expect(cut).toBeGreaterThan(-1);
    expect(running.rawText.indexOf(`${ESCAPE}?7h`)).toBeGreaterThan(cut);
  });

  it('bench shows how far it is, and removes its keys after Ctrl-C', async () => {
    const running = cli.startOnTerminal(
      'trap : INT; rb bench --seconds 60 --keys 100; echo "exit $?"',
    );
    await running.shows('commands per second');
    running.write(CTRL_C);
    await running.shows('exit 130');
    await running.result;
    expect(running.text).toMatch(/running [█░]+ \d+% \| [\d,]+ commands per second/);
    expect(running.text).toMatch(/all +[\d,]+ +[\d,]+ /);
    expect(await sizes()).toEqual([1, 1]);
  });
});
