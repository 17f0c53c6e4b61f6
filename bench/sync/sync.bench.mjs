import { compare, secondsOf } from '../measure/compare.mjs';
import { openEngine } from './engine.mjs';
import { startFake } from './start-fake.mjs';
import { readAndThrowAway } from './thrown-away.mjs';

const BACKFILL_AIM = 0.5;
const UNCHANGED_AIM = 0.8;

/** As fast as the loopback interface is, and as a vendor on the network answers at its best. */
const ANSWER_MS = [0, 100];

/** Full runs over a CRM's contacts, new to us and then unchanged, against reading the same pages and keeping nothing. */
export async function benchSync(server, options) {
  const rows = [];
  for (const answerMs of ANSWER_MS) rows.push(...(await benchAt(answerMs, server, options)));
  return rows;
}

async function benchAt(answerMs, server, options) {
  const count = options.quick ? 1_000 : 5_000;
  const fake = await startFake(count, answerMs);
  const against = (aim) => ({ name: 'reading', round: () => readRate(fake, count), aim });
  const rounds = Math.min(options.rounds, 3);
  const records = (state) => `${count.toLocaleString('en')} ${state} records, ${answerMs} ms an answer`;
  const backfill = await compare({
    what: records('new'),
    subject: { name: 'Rollcall', round: () => backfillRate(server, fake, count) },
    baselines: [against(BACKFILL_AIM)],
    rounds,
  });
  const engine = await openEngine(await server.createDatabase(), fake);
  await rateOfRun(engine, { create: count });
  const unchanged = await compare({
    what: records('unchanged'),
    subject: { name: 'Rollcall', round: () => rateOfRun(engine, { unchanged: count }) },
    baselines: [against(UNCHANGED_AIM)],
    rounds,
  });
  await engine.close();
  await fake.stop();
  return [...backfill, ...unchanged];
}

/** Each backfill has an empty database. */
async function backfillRate(server, fake, count) {
  const engine = await openEngine(await server.createDatabase(), fake);
  const rate = await rateOfRun(engine, { create: count });
  await engine.close();
  return rate;
}

/** Records per second of a run that does to all records what is expected, and to no other. */
async function rateOfRun(engine, expected) {
  let counts;
  const seconds = await secondsOf(async () => {
    counts = await engine.fullRun();
  });
  const [[action, count]] = Object.entries(expected);
  if (counts[action] !== count)
    throw new Error(`${count} should be ${action}, but it was ${JSON.stringify(counts)}`);
  return count / seconds;
}

async function readRate(fake, count) {
  let read;
  const seconds = await secondsOf(async () => {
    read = await readAndThrowAway(fake);
  });
  if (read !== count) throw new Error(`${read} of ${count} records were read`);
  return count / seconds;
}
