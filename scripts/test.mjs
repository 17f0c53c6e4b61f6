// Runs jest on the groups of test/support/groups.mjs. `--unit` runs the pure specs, which need no service; `--long` also what
// takes too long for every change; `--faults` all rounds of test/faults (without it a few of them); `--soak`, with
// `--minutes N`, chaos for half an hour; everything else goes to jest as it is. Suites named `*.alone-spec.ts` follow when the
// others are through, not with `--together`. The last line of the output is `N passed, N failed`, of both; what was skipped,
// or kept for `npm run test:long`, is said before it.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { GROUPS } from '../test/support/groups.mjs';
import { NODE_FLAGS } from '../test/support/node-flags.mjs';
import { sayFaultTotals } from './fault-totals.mjs';
import { sayBudgets } from './test-budgets.mjs';

const args = process.argv.slice(2);
const ours = {
  unit: taken('--unit'),
  long: taken('--long'),
  faults: taken('--faults'),
  together: taken('--together'),
  soak: taken('--soak'),
  minutes: taken('--minutes', 2),
};
const isEverything = args.length === 0 && !ours.unit && !ours.faults && !ours.soak;
const dir = mkdtempSync(path.join(os.tmpdir(), 'rollcall-summary-'));
const summaryFile = path.join(dir, 'summary.json');
const faultsFile = path.join(dir, 'faults.jsonl');
const NOTHING = { passed: 0, failed: 0, skipped: 0, kept: [], missing: [], seconds: {} };

const runs = groupsOf(ours).map(runJest);
sayFaultTotals(faultsFile);
if (isEverything && !ours.long) sayBudgets(GROUPS, runs);
rmSync(dir, { recursive: true });

const sum = (count) => runs.reduce((total, run) => total + run[count], 0);
const missing = [...new Set(runs.flatMap((run) => run.missing))];
const refused = missing.length > 0 && process.env.REQUIRE_SERVICES === '1';
sayMissing(missing, refused);

// Jest can fail without a failed test: a broken setup, no test found.
const none = sum('passed') + sum('failed') + sum('skipped') + runs.flatMap(({ kept }) => kept).length === 0;
const broken = refused || none || runs.some(({ status, failed }) => status !== 0 && failed === 0) ? 1 : 0;
const failed = sum('failed') + broken;
sayKept(runs.flatMap(({ kept }) => kept));
if (sum('skipped'))
  console.log(`${sum('skipped')} skipped: what a vendor does not have, or services that did not answer`);
console.log(`${sum('passed')} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

/** What judges time runs when the others are through, with the machine to itself. */
function groupsOf({ unit, soak, together }) {
  if (unit) return [['pure']];
  if (soak) return [['soak']];
  const others = Object.keys(GROUPS).filter((group) => group !== 'alone');
  return together ? [others] : [others, ['alone']];
}

function runJest(groups) {
  const { status } = spawnSync(
    process.execPath,
    [
      ...NODE_FLAGS,
      'node_modules/jest/bin/jest.js',
      '--passWithNoTests',
      ...(groups.includes('alone') ? ['--maxWorkers=1'] : []),
      ...(ours.faults && args.length === 0 ? ['test/faults'] : args),
      '--selectProjects',
      ...groups,
    ],
    {
      stdio: 'inherit',
      env: {
        ...process.env,
        ROLLCALL_TEST_SUMMARY: summaryFile,
        ROLLCALL_FAULTS_COUNTS: faultsFile,
        ...((ours.long || ours.faults) && { ROLLCALL_TEST_LONG: '1' }),
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

/** Each with how many of its tests; they are no skipped ones, since nothing is missing for them. */
function sayKept(suites) {
  if (suites.length === 0) return;
  const tests = suites.reduce((total, { tests }) => total + tests, 0);
  console.log(`${tests} kept for npm run test:long, of`);
  for (const { file, tests } of suites) console.log(`  ${file} (${tests})`);
}
