// Runs jest. `--unit` runs only the pure specs, which need no service; everything else goes to jest as it is.
// The last line of the output is `N passed, N failed`; what was skipped is said before it.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const args = process.argv.slice(2);
const dir = mkdtempSync(path.join(os.tmpdir(), 'rollcall-summary-'));
const summaryFile = path.join(dir, 'summary.json');

const { status } = spawnSync(
  process.execPath,
  ['node_modules/jest/bin/jest.js', ...args.filter((arg) => arg !== '--unit')],
  {
    stdio: 'inherit',
    env: {
      ...process.env,
      NODE_OPTIONS:
        `${process.env.NODE_OPTIONS ?? ''} --experimental-vm-modules --disable-warning=ExperimentalWarning`.trim(),
      ROLLCALL_TEST_SUMMARY: summaryFile,
      ...(args.includes('--unit') ? { ROLLCALL_TEST_UNIT: '1' } : {}),
    },
  },
);

const summary = existsSync(summaryFile)
  ? JSON.parse(readFileSync(summaryFile, 'utf8'))
  : { passed: 0, failed: 0, skipped: 0, missing: [] };
rmSync(dir, { recursive: true });
const refused = summary.missing.length > 0 && process.env.REQUIRE_SERVICES === '1';
sayMissing(summary.missing, refused);

// Jest can fail without a failed test: a broken setup, no test found.
const broken = refused || (status !== 0 && summary.failed === 0) ? 1 : 0;
const failed = summary.failed + broken;
if (summary.skipped)
  console.log(`${summary.skipped} skipped: what a vendor does not have, or services that did not answer`);
console.log(`${summary.passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

function sayMissing(missing, isFailure) {
  if (missing.length === 0) return;
  const line = '!'.repeat(100);
  console.log(`\n${line}\nSUITES WERE SKIPPED, because these did not answer:`);
  for (const service of missing) console.log(`  ${service}`);
  console.log(
    `${isFailure ? 'REQUIRE_SERVICES=1 makes this a failure.' : 'With REQUIRE_SERVICES=1 this would be a failure.'}\n${line}\n`,
  );
}
