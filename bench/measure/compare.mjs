import { performance } from 'node:perf_hooks';

/**
 * One way to do the work: does a round of it and answers how many it did in a second.
 * @typedef {{ name: string, round: () => Promise<number> }} Contender
 *
 * @typedef {{ median: number, low: number, high: number }} Ratio
 * @typedef {{ what: string, against: string, ratio: Ratio, aim?: number }} Row
 */

/**
 * Measures one against others in turns, A B C A B C …, so that whatever else the machine does meets all of them, and
 * answers the median of the ratios within each turn, with the quartiles as spread. One turn is warm-up.
 * @param {{ what: string, subject: Contender, baselines: (Contender & { aim?: number })[], rounds: number }} comparison
 * @returns {Promise<Row[]>}
 */
export async function compare({ what, subject, baselines, rounds }) {
  const turns = [];
  await turn([subject, ...baselines]);
  for (let count = 0; count < rounds; count++) {
    // Every other turn backwards, so that nobody always comes after the same neighbour.
    const order = [subject, ...baselines];
    turns.push(await turn(count % 2 === 0 ? order : order.reverse()));
  }
  const rows = baselines.map((baseline) => ({
    what,
    against: baseline.name,
    ratio: ratioOf(turns.map((rates) => rates.get(subject) / rates.get(baseline))),
    ...(baseline.aim !== undefined && { aim: baseline.aim }),
  }));
  for (const { against, ratio } of rows) {
    process.stderr.write(`  ${what} / ${against}: ${percent(ratio.median)}\n`);
  }
  if (process.env.BENCH_RATES) {
    for (const one of [subject, ...baselines]) {
      process.stderr.write(
        `    ${one.name}: ${turns.map((rates) => Math.round(rates.get(one))).join(' ')} /s\n`,
      );
    }
  }
  return rows;
}

/** How often `work` runs in a second when `parallel` of it are always under way for this long. */
export async function rateOf(work, { seconds, parallel = 1, each = 1 }) {
  const start = performance.now();
  const end = start + seconds * 1_000;
  let done = 0;
  const lane = async () => {
    while (performance.now() < end) {
      await work();
      done += each;
    }
  };
  await Promise.all(Array.from({ length: parallel }, lane));
  return done / ((performance.now() - start) / 1_000);
}

/** Seconds that `work` takes. */
export async function secondsOf(work) {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1_000;
}

export const percent = (share) => `${Math.round(share * 100)} %`;

async function turn(contenders) {
  const rates = new Map();
  for (const contender of contenders) rates.set(contender, await contender.round());
  return rates;
}

function ratioOf(ratios) {
  const sorted = [...ratios].sort((a, b) => a - b);
  return { median: quantile(sorted, 0.5), low: quantile(sorted, 0.25), high: quantile(sorted, 0.75) };
}

function quantile(sorted, share) {
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)];
  return below + (sorted[Math.ceil(place)] - below) * (place % 1);
}
