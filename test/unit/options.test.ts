import { describe, expect, it } from 'vitest';

import { BadHostSetup, MisuseError } from '../../src/errors.js';
import {
  CALL_OPTIONS,
  checkOptionNames,
  FANOUT_OPTIONS,
  JOIN_OPTIONS,
  resolveCallOptions,
  resolvePoolOptions,
  type CallOptions,
  type PoolOptions,
} from '../../src/options.js';

const maxDelay = 2 ** 31 - 1;
const delay = `a number of milliseconds above 0 and up to ${maxDelay}`;
const bound = 'an integer of 1 or more, or Infinity';

function refusal(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was refused');
}

describe('resolvePoolOptions', () => {
  const defaults = {
    connectionsPerHost: 1,
    connectTimeout: 5000,
    commandTimeout: undefined,
    keepAlive: 5000,
    reconnect: { minDelay: 50, maxDelay: 2000 },
    retries: 1,
    maxPendingBytes: 268_435_456,
    maxPendingCommands: 1_000_000,
    onOverload: 'reject',
    clientName: undefined,
    busyPoll: true,
  };

  it.each([
    [undefined],
    [{}],
    [{ retries: undefined, reconnect: undefined, clientName: undefined }],
  ])('fills in the defaults of %j', (options) => {
    expect(resolvePoolOptions(options)).toStrictEqual(defaults);
  });

  it('keeps what is given', () => {
    const options: PoolOptions = {
      connectionsPerHost: 2,
      connectTimeout: 1,
      commandTimeout: 0.5,
      keepAlive: false,
      reconnect: { minDelay: 1, maxDelay: 1 },
      retries: 0,
      maxPendingBytes: 1,
      maxPendingCommands: Infinity,
      onOverload: 'wait',
      clientName: 'app-1:~!',
      busyPoll: false,
    };
    expect(resolvePoolOptions(options)).toStrictEqual(options);
  });

  it('fills in the other half of reconnect', () => {
    expect(resolvePoolOptions({ reconnect: { maxDelay: 100 } }).reconnect).toEqual({
      minDelay: 50,
      maxDelay: 100,
    });
    expect(
      resolvePoolOptions({ reconnect: { minDelay: 100, maxDelay: undefined } }).reconnect,
    ).toEqual({ minDelay: 100, maxDelay: 2000 });
  });

  it('answers a frozen copy, and takes its own answer', () => {
    const resolved = resolvePoolOptions({ retries: 3 });
    expect(Object.isFrozen(resolved) && Object.isFrozen(resolved.reconnect)).toBe(true);
    expect(resolvePoolOptions(resolved)).toStrictEqual(resolved);
    expect(Object.isFrozen(resolvePoolOptions(undefined))).toBe(true);
  });

  it.each<[Record<string, unknown>, string]>([
    [{ connectionsPerHost: 0 }, 'connectionsPerHost must be an integer of 1 or more, not 0'],
    [{ connectionsPerHost: 1.5 }, 'connectionsPerHost must be an integer of 1 or more, not 1.5'],
    [
      { connectionsPerHost: Infinity },
      'connectionsPerHost must be an integer of 1 or more, not Inf',
    ],
    [{ connectTimeout: 0 }, `connectTimeout must be ${delay}, not 0`],
    [{ connectTimeout: Infinity }, `connectTimeout must be ${delay}, not Infinity`],
    [{ connectTimeout: '5' }, `connectTimeout must be ${delay}, not the string '5'`],
    [{ commandTimeout: -1 }, `commandTimeout must be ${delay}, not -1`],
    [{ commandTimeout: NaN }, `commandTimeout must be ${delay}, not NaN`],
    [{ commandTimeout: 2 ** 31 }, `commandTimeout must be ${delay}, not 2147483648`],
    [{ commandTimeout: null }, `commandTimeout must be ${delay}, not null`],
    [{ keepAlive: true }, `keepAlive must be ${delay}, or false, not true`],
    [{ keepAlive: 0 }, `keepAlive must be ${delay}, or false, not 0`],
    [{ retries: -1 }, 'retries must be an integer of 0 or more, not -1'],
    [{ retries: true }, 'retries must be an integer of 0 or more, not true'],
    [{ maxPendingBytes: 0 }, `maxPendingBytes must be ${bound}, not 0`],
    [{ maxPendingCommands: 10n }, `maxPendingCommands must be ${bound}, not 10n`],
    [{ onOverload: 'drop' }, "onOverload must be 'reject' or 'wait', not the string 'drop'"],
    [
      { clientName: 'a b' },
      "clientName must be printable ASCII without spaces, not the string 'a b'",
    ],
    [{ clientName: 'é' }, "clientName must be printable ASCII without spaces, not the string 'é'"],
    [{ clientName: 'a\n' }, 'clientName must be printable ASCII without spaces, not the string'],
    [{ clientName: '' }, "clientName must be printable ASCII without spaces, not the string ''"],
    [{ reconnect: 50 }, 'reconnect must be an object with minDelay and maxDelay, not 50'],
    [{ reconnect: false }, 'reconnect must be an object with minDelay and maxDelay, not false'],
    [{ conectTimeout: 5 }, "unknown option 'conectTimeout' (did you mean 'connectTimeout'?)"],
    [
      { max_pending_bytes: 5 },
      "unknown option 'max_pending_bytes' (did you mean 'maxPendingBytes'?)",
    ],
    [{ retries: 1, socket: {} }, "unknown option 'socket'; the options are connectionsPerHost, "],
  ])('refuses %o', (options, problem) => {
    const error = refusal(() => resolvePoolOptions(options));
    expect(error).toBeInstanceOf(BadHostSetup);
    expect((error as Error).message).toContain(`poolOptions: ${problem}`);
  });

  it.each<[Record<string, unknown>, string]>([
    [{ minDelay: 0 }, `minDelay must be ${delay}, not 0`],
    [{ maxDelay: '1' }, `maxDelay must be ${delay}, not the string '1'`],
    [{ minDelay: 100, maxDelay: 50 }, 'minDelay (100) is above maxDelay (50)'],
    [{ minDelay: 5000 }, 'minDelay (5000) is above maxDelay (2000)'],
    [
      { min_delay: 1 },
      "unknown option 'min_delay' (did you mean 'minDelay'?); the options are minDelay",
    ],
  ])('refuses reconnect %j', (reconnect, problem) => {
    const error = refusal(() => resolvePoolOptions({ reconnect }));
    expect(error).toBeInstanceOf(BadHostSetup);
    expect((error as Error).message).toContain(`poolOptions.reconnect: ${problem}`);
  });

  it.each([null, 5, 'x', [], new Map()])('refuses %s in place of the options', (options) => {
    const error = refusal(() => resolvePoolOptions(options as unknown as PoolOptions));
    expect(error).toBeInstanceOf(BadHostSetup);
    expect((error as Error).message).toMatch(/^poolOptions: options must be an object, not /);
  });
});

describe('resolveCallOptions', () => {
  it.each([[undefined], [{}], [{ timeout: undefined, maxConcurrency: undefined }]])(
    'fills in the defaults of %j',
    (options) => {
      expect(resolveCallOptions(options, CALL_OPTIONS)).toStrictEqual({
        timeout: undefined,
        signal: undefined,
        maxConcurrency: 64,
        autoBatch: undefined,
      });
    },
  );

  it('keeps what is given', () => {
    const { signal } = new AbortController();
    const options = { timeout: maxDelay, signal, maxConcurrency: Infinity, autoBatch: false };
    expect(resolveCallOptions(options, CALL_OPTIONS)).toStrictEqual(options);
    expect(resolveCallOptions({ maxConcurrency: 1, timeout: 0.1 }, CALL_OPTIONS)).toMatchObject({
      maxConcurrency: 1,
      timeout: 0.1,
    });
  });

  it('takes a signal that is aborted already', () => {
    const signal = AbortSignal.abort();
    expect(resolveCallOptions({ signal }, CALL_OPTIONS).signal).toBe(signal);
  });

  it.each<[Record<string, unknown>, string]>([
    [{ timeout: 0 }, `timeout must be ${delay}, not 0`],
    [{ timeout: -5 }, `timeout must be ${delay}, not -5`],
    [{ timeout: Infinity }, `timeout must be ${delay}, not Infinity`],
    [{ timeout: 2 ** 31 }, `timeout must be ${delay}, not 2147483648`],
    [{ timeout: '1000' }, `timeout must be ${delay}, not the string '1000'`],
    [{ timeout: null }, `timeout must be ${delay}, not null`],
    [{ signal: new AbortController() }, 'signal must be an AbortSignal, not an AbortController'],
    [{ signal: true }, 'signal must be an AbortSignal, not true'],
    [{ signal: {} }, 'signal must be an AbortSignal, not an object'],
    [
      { signal: { aborted: false, addEventListener: () => undefined } },
      'signal must be an AbortSignal, not an object',
    ],
    [{ maxConcurrency: 0 }, `maxConcurrency must be ${bound}, not 0`],
    [{ maxConcurrency: 1.5 }, `maxConcurrency must be ${bound}, not 1.5`],
    [{ maxConcurrency: NaN }, `maxConcurrency must be ${bound}, not NaN`],
    [{ maxConcurrency: -Infinity }, `maxConcurrency must be ${bound}, not -Infinity`],
    [{ autoBatch: 1 }, 'autoBatch must be true or false, not 1'],
  ])('refuses %o', (options, message) => {
    const error = refusal(() => resolveCallOptions(options, CALL_OPTIONS));
    expect(error).toBeInstanceOf(MisuseError);
    expect(error).toMatchObject({ code: 'RB_INVALID_ARGUMENT', message });
  });

  it.each<[Record<string, unknown>, string]>([
    [{ timeuot: 5 }, "unknown option 'timeuot' (did you mean 'timeout'?)"],
    [{ max_concurrency: 5 }, "unknown option 'max_concurrency' (did you mean 'maxConcurrency'?)"],
    [{ auto_batch: true }, "unknown option 'auto_batch' (did you mean 'autoBatch'?)"],
    [
      { abort: 5 },
      "unknown option 'abort'; the options are timeout, signal, maxConcurrency, autoBatch",
    ],
    [{ hosts: [0] }, "unknown option 'hosts'"],
  ])('refuses the name in %j', (options, problem) => {
    const error = refusal(() => resolveCallOptions(options, CALL_OPTIONS));
    expect(error).toBeInstanceOf(MisuseError);
    expect(error).toMatchObject({ code: 'RB_UNKNOWN_OPTION' });
    expect((error as Error).message).toContain(problem);
  });

  it('refuses an option that this call does not take', () => {
    const error = refusal(() => resolveCallOptions({ autoBatch: true }, JOIN_OPTIONS));
    expect(error).toMatchObject({
      code: 'RB_UNKNOWN_OPTION',
      message: "unknown option 'autoBatch'; the options are timeout, signal",
    });
  });

  it('lets hosts pass where it is allowed, and leaves it to its owner', () => {
    const options = { hosts: 'anything', timeout: 5 } as CallOptions;
    expect(resolveCallOptions(options, FANOUT_OPTIONS)).toStrictEqual({
      timeout: 5,
      signal: undefined,
      maxConcurrency: 64,
      autoBatch: undefined,
    });
  });

  it.each([null, 1000, 'x', [], () => {}])('refuses %s in place of the options', (options) => {
    const error = refusal(() =>
      resolveCallOptions(options as unknown as CallOptions, CALL_OPTIONS),
    );
    expect(error).toMatchObject({ code: 'RB_INVALID_ARGUMENT' });
    expect((error as Error).message).toMatch(/^options must be an object, not /);
  });
});

describe('checkOptionNames', () => {
  const known = ['hosts', 'hostDefaults', 'router', 'routerOptions', 'poolOptions', 'pool', 'RESP'];

  it('takes known names, undefined values included', () => {
    expect(() => checkOptionNames({ hosts: {}, RESP: undefined }, known, 'Cluster')).not.toThrow();
  });

  it.each([
    ['hots', 'hosts'],
    ['host_defaults', 'hostDefaults'],
    ['pool_options', 'poolOptions'],
    ['pool_cls', 'pool'],
    ['router_cls', 'router'],
    ['resp', 'RESP'],
    ['url', 'hosts'],
    ['rootNodes', 'hosts'],
  ])('refuses %s and says that %s was meant', (name, meant) => {
    const error = refusal(() => checkOptionNames({ [name]: 'hunter2' }, known, 'Cluster'));
    expect(error).toBeInstanceOf(BadHostSetup);
    expect((error as Error).message).toBe(
      `Cluster: unknown option '${name}' (did you mean '${meant}'?); the options are ${known.join(', ')}`,
    );
  });

  it('refuses other names without a guess', () => {
    const error = refusal(() => checkOptionNames({ x: 1 }, known, 'Cluster'));
    expect((error as Error).message).toMatch(
      /^Cluster: unknown option 'x'; the options are hosts, /,
    );
  });

  it.each([undefined, null, 'redis://:hunter2@a', []])('refuses what is no object', (options) => {
    const error = refusal(() => checkOptionNames(options, known, 'Cluster'));
    expect(error).toBeInstanceOf(BadHostSetup);
    expect((error as Error).message).toMatch(
      /^Cluster: options must be an object, not (?!.*hunter2)/,
    );
  });
});
