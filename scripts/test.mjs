/**
 * `npm test`: everything a fresh clone lacks, then the types tests and every vitest suite. Arguments
 * go to vitest (`npm test -- test/unit/foo.test.ts`); with a filter the types tests are left out.
 * The last line, `N passed, N failed`, is for tools.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuild, ensurePackages, ensureRedisServer, runTool } from './setup.mjs';

const args = process.argv.slice(2);
const hasFilter = args.some((argument) => !argument.startsWith('-'));

ensurePackages();
ensureRedisServer();
ensureBuild();

const typesPassed = hasFilter || runTypes();
const suites = runVitest();
const passed = suites.passed;
// A run that failed as a whole (an unhandled error, nothing collected) counts as one failure.
const failed = (typesPassed ? 0 : 1) + Math.max(suites.failed, suites.exitCode === 0 ? 0 : 1);

console.log(
  `${passed} passed, ${failed} failed${suites.skipped > 0 ? `, ${suites.skipped} skipped` : ''}`,
);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

function runTypes() {
  const succeeded = runTool('typescript/bin/tsc', ['-p', 'tsconfig.json']) === 0;
  console.log(`Types tests (tsc): ${succeeded ? 'passed' : 'failed'}`);
  return succeeded;
}

function runVitest() {
  const folder = mkdtempSync(join(tmpdir(), 'redis-blaster-test-'));
  const report = join(folder, 'report.json');
  try {
    const exitCode = runTool('vitest/vitest.mjs', [
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...args,
    ]);
    return { exitCode, ...readCounts(report) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readCounts(report) {
  let results;
  try {
    results = JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const brokenFiles = results.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  );
  return {
    passed: results.numPassedTests,
    failed: results.numFailedTests + brokenFiles.length,
    skipped: results.numPendingTests + results.numTodoTests,
  };
}
