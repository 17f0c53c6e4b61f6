// Runs jest. `--unit` runs only the pure specs, which need no service; `--faults` all rounds of test/faults (without it a
// few of them); `--soak`, with `--minutes N`, chaos for half an hour; everything else goes to jest as it is.
// Suites named `*.alone-spec.ts` follow when the others are through, not with `--together`. The last line of the output is `N passed, N failed`,
// of both; what was skipped is said before it.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { sayFaultTotals } from './fault-totals.mjs';

const args = process.argv.slice(2);
const ours = {
  unit: taken('--unit'),
  faults: taken('--faults'),
  together: taken('--together'),
  soak: taken('--soak'),
  minutes: taken('--minutes', 2),
};
const dir = mkdtempSync(path.join(os.tmpdir(), 'rollcall-summary-'));
const summaryFile = path.join(dir, 'summary.json');
const faultsFile = path.join(dir, 'faults.jsonl');
const NOTHING = { passed: 0, failed: 0, skipped: 0, missing: [] };

const runs = kindsOf(ours).map(runJest);
sayFaultTotals(faultsFile);
rmSync(dir, { recursive: true });

const sum = (count) => runs.reduce((total, run) => total + run[count], 0);
const missing = [...new Set(runs.flatMap((run) => run.missing))];
const refused = missing.length > 0 && process.env.REQUIRE_SERVICES === '1';
sayMissing(missing, refused);

// Jest can fail without a failed test: a broken setup, no test found.
const none = sum('passed') + sum('failed') + sum('skipped') === 0;
const broken = refused || none || runs.some(({ status, failed }) => status !== 0 && failed === 0) ? 1 : 0;
const failed = sum('failed') + broken;
if (sum('skipped'))
  console.log(`${sum('skipped')} skipped: what a vendor does not have, or services that did not answer`);
console.log(`${sum('passed')} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

/** What judges the time of others runs when they are through, with the machine to itself. */
function kindsOf({ unit, soak, together }) {
  if (unit) return ['unit'];
  if (together) return ['together'];
  return soak ? ['soak'] : ['together', 'alone'];
}

function runJest(kind) {
  const { status } = spawnSync(
    process.execPath,
    [
      'node_modules/jest/bin/jest.js',
      '--passWithNoTests',
      ...(ours.faults && args.length === 0 ? ['test/faults'] : args),
    ],
    {
      stdio: 'inherit',
      env: {
        ...process.env,
        NODE_OPTIONS:
          `${process.env.NODE_OPTIONS ?? ''} --experimental-vm-modules --disable-warning=ExperimentalWarning`.trim(),
        ROLLCALL_TEST_KIND: kind,
        ROLLCALL_TEST_SUMMARY: summaryFile,
        ROLLCALL_FAULTS_COUNTS: faultsFile,
        ...(ours.unit && { ROLLCALL_TEST_UNIT: '1' }),
        ...(ours.faults && { ROLLCALL_FAULTS: 'full' }),
        ...(ours.soak && { ROLLCALL_TEST_SOAK: ours.minutes ?? '30' }),
      },
    },
  );
  const summary = existsSync(summaryFile) ? JSON.parse(readFileSync(summaryFile, 'utf8')) : NOTHING;
  rmSync(summaryFile, { force: true });
  return { status, ...summary };
}

/** Takes an option, and what follows it, out of what goes to jest. */
function taken(option, length = 1) {
  const at = args.indexOf(option);
  return at < 0 ? undefined : args.splice(at, length).at(-1);
}

function sayMissing(missing, isFailure) {
  if (missing.length === 0) return;
  const line = '!'.repeat(100);
  console.log(`\n${line}\nSUITES WERE SKIPPED, because these did not answer:`);
  for (const service of missing) console.log(`  ${service}`);
  console.log(
    `${isFailure ? 'REQUIRE_SERVICES=1 makes this a failure.' : 'With REQUIRE_SERVICES=1 this would be a failure.'}\n${line}\n`,
  );
}
