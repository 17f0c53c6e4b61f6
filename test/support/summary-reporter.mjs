import { writeFileSync } from 'node:fs';
import path from 'node:path';

/** In the names of tests that `npm test` keeps for later (test/support/long.ts). */
const KEPT = '[npm run test:long]';

/** Leaves the counts for scripts/test.mjs, which prints them last. */
export default class SummaryReporter {
  seconds = {};

  onTestResult({ context }, { perfStats }) {
    const group = context.config.displayName?.name ?? 'others';
    this.seconds[group] = (this.seconds[group] ?? 0) + (perfStats.end - perfStats.start) / 1_000;
  }

  onRunComplete(_contexts, results) {
    const kept = results.testResults.map(keptOf).filter(({ tests }) => tests > 0);
    const summary = {
      passed: results.numPassedTests,
      failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
      skipped:
        results.numPendingTests + results.numTodoTests - kept.reduce((sum, { tests }) => sum + tests, 0),
      kept,
      missing: JSON.parse(process.env.ROLLCALL_TEST_SERVICES ?? '{"missing":[]}').missing,
      seconds: this.seconds,
    };
    const file = process.env.ROLLCALL_TEST_SUMMARY;
    if (file) writeFileSync(file, JSON.stringify(summary));
  }
}

function keptOf({ testFilePath, testResults }) {
  const tests = testResults.filter(
    ({ status, fullName }) => status === 'pending' && fullName.includes(KEPT),
  ).length;
  return { file: path.relative(process.cwd(), testFilePath), tests };
}
