// Breaks a copy of the checkout in one place at a time and sees whether the test that should notice does.
// `--only TEXT` takes the mutants whose name contains it. The last line of the output is `N caught, N survived`.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { mutants } from './mutants.mjs';

/** Of one test; the unbroken code passes within it, which is seen first. */
const TEST_LIMIT_MS = 20_000;
const RUN_LIMIT_MS = 180_000;

const only = process.argv[2] === '--only' ? process.argv[3] : '';
const chosen = mutants.filter(({ name }) => name.includes(only));
const copy = copyOfCheckout();
try {
  for (const mutant of chosen) await whileBroken(mutant, () => undefined); // Text that is gone is better known at once.
  await expectSoundCode();
  let survived = 0;
  for (const mutant of chosen) if (!(await isCaught(mutant))) survived += 1;
  console.log(`${chosen.length - survived} caught, ${survived} survived`);
  process.exitCode = survived > 0 || chosen.length === 0 ? 1 : 0;
} finally {
  rmSync(copy, { recursive: true, force: true });
}

/** What is tracked, and what is built: the set-up of a test run comes from dist. */
function copyOfCheckout() {
  const to = mkdtempSync(path.join(os.tmpdir(), 'rollcall-mutants-'));
  const tracked = execFileSync('git', ['ls-files', '-z', '-co', '--exclude-standard'], { encoding: 'utf8' });
  for (const file of tracked.split('\0')) if (file && existsSync(file)) cpSync(file, path.join(to, file));
  for (const dir of ['dist', 'prisma/generated']) cpSync(dir, path.join(to, dir), { recursive: true });
  symlinkSync(path.resolve('node_modules'), path.join(to, 'node_modules'));
  return to;
}

/** A test that fails anyway, or that is not there, would catch everything. */
async function expectSoundCode() {
  for (const unit of [true, false]) {
    const rows = chosen.filter(({ spec }) => isUnit(spec) === unit);
    if (rows.length === 0) continue;
    const { tests } = await run(
      unique(rows.map(({ spec }) => spec)),
      unique(rows.map(({ test }) => test)).join('|'),
    );
    const bad = rows.filter(({ test }) => {
      const mine = tests.filter(({ fullName }) => new RegExp(test, 'i').test(fullName));
      return mine.length === 0 || mine.some(({ status }) => status !== 'passed');
    });
    if (bad.length > 0)
      throw new Error(`Unbroken code does not pass: ${bad.map(({ test }) => test).join('; ')}`);
  }
}

async function isCaught(mutant) {
  const begin = Date.now();
  const { tests, output } = await whileBroken(mutant, () => run([mutant.spec], mutant.test));
  const failed = tests.filter(({ status }) => status === 'failed');
  const caught = failed.some(
    ({ failureMessages }) => mutant.hangs || !failureMessages.join().includes('Exceeded timeout'),
  );
  const seconds = Math.round((Date.now() - begin) / 1_000);
  console.log(
    `${caught ? 'caught  ' : 'SURVIVED'} ${mutant.name} (${mutant.spec}: ${mutant.test}; ${seconds} s)`,
  );
  const [said] = failed.flatMap(({ failureMessages }) => failureMessages);
  console.log(caught ? `         ${said.split('\n', 1)[0]}` : output);
  return caught;
}

async function whileBroken({ name, edits }, work) {
  const before = edits.map(([file]) => [path.join(copy, file), readFileSync(path.join(copy, file), 'utf8')]);
  try {
    for (const [file, find, replacement] of edits)
      replaceOnce(name, path.join(copy, file), find, replacement);
    return await work();
  } finally {
    for (const [file, text] of before) writeFileSync(file, text);
  }
}

function replaceOnce(name, file, find, replacement) {
  const parts = readFileSync(file, 'utf8').split(find);
  if (parts.length !== 2)
    throw new Error(
      `Mutant "${name}": its text is ${parts.length - 1} times in ${path.relative(copy, file)}`,
    );
  writeFileSync(file, parts.join(replacement));
}

/** Tests that ran, none when jest could not even load the file. */
async function run(specs, pattern) {
  const report = path.join(copy, 'report.json');
  rmSync(report, { force: true });
  const args = ['scripts/test.mjs', specs.every(isUnit) ? '--unit' : '--together', ...specs, '-t', pattern];
  const output = await outputOf([
    ...args,
    ...['--forceExit', `--testTimeout=${TEST_LIMIT_MS}`, '--json', `--outputFile=${report}`],
  ]);
  const { testResults = [] } = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : {};
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  return { tests: tests.filter(({ status }) => ['passed', 'failed'].includes(status)), output };
}

/** In a process group of its own, so that what does not end goes with everything it started. */
async function outputOf(args) {
  const { REQUIRE_SERVICES: _, ...inherited } = process.env;
  // What is built is the unbroken code; the test that notices may be one of the long ones.
  const env = { ...inherited, ROLLCALL_TEST_DIST: 'kept', ROLLCALL_TEST_LONG: '1' };
  const child = spawn(process.execPath, args, {
    cwd: copy,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const late = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), RUN_LIMIT_MS);
  const parts = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => parts.push(part));
  await once(child, 'exit');
  clearTimeout(late);
  return Buffer.concat(parts).toString();
}

function isUnit(spec) {
  return spec.endsWith('.spec.ts');
}

function unique(values) {
  return [...new Set(values)];
}
