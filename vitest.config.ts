import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    passWithNoTests: false,
    // Every file is checked for what it leaves behind.
    setupFiles: ['test/helpers/setup.ts'],
    // A process per file: a socket, timer or child process that one leaves cannot reach the next.
    pool: 'forks',
    // Every integration file runs several servers of its own beside it.
    maxWorkers: 2,
    // A hang fails; a slow machine does not.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    teardownTimeout: 10_000,
    retry: 0,
  },
});
