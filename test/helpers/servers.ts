/** Real servers for a test file. */

import { afterAll, beforeAll } from 'vitest';

import type { TestSetupOptions } from '../../src/testing/options.js';
import type { RedisServer } from '../../src/testing/redis-server.js';
import { TestSetup } from '../../src/testing/test-setup.js';

export { condition } from './condition.js';
export { startServer } from './single-server.js';
export type { SingleServer } from './single-server.js';

/** The servers of a test file, there from its first test to its last. */
export interface FileServers {
  /** The setup; only inside tests and hooks. */
  readonly setup: TestSetup;
  /** Its servers. */
  readonly servers: readonly RedisServer[];
}

/**
 * Starts servers before the tests of the file (or of the `describe` around the call) and ends
 * them afterwards. Two servers with four databases each, unless told.
 */
export function useServers(options: TestSetupOptions = {}): FileServers {
  let current: TestSetup | undefined;
  beforeAll(async () => {
    current = new TestSetup({ servers: 2, databasesEach: 4, ...options });
    await current.waitForServers();
  });
  afterAll(() => current?.close());
  const setup = () => {
    if (!current) throw new Error('the servers are there only inside tests and hooks');
    return current;
  };
  return {
    get setup() {
      return setup();
    },
    get servers() {
      return setup().servers;
    },
  };
}
