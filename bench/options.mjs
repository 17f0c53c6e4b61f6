import { parseArgs } from 'node:util';

const USAGE = `npm run bench [-- SECTION ...] [OPTIONS]
  --only http,append,import,history,paging,expressions,sync,webhooks   these sections alone, as if they were named
  --quick                                 short rounds and small tables: for a look while working, not for a report
  --rounds N                              rounds of each comparison
  --seconds N                             length of a round`;

/** @typedef {{ only: string[], quick: boolean, rounds: number, seconds: number, warmUp: number, usage?: string }} Options */

/** @returns {Options} */
export function readOptions(argv, sections) {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      only: { type: 'string', default: sections.join() },
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const only = positionals.length > 0 ? positionals : values.only.split(',');
  const unknown = only.filter((name) => !sections.includes(name));
  const { quick } = values;
  return {
    only,
    quick,
    rounds: Number(values.rounds ?? (quick ? 3 : 7)),
    seconds: Number(values.seconds ?? (quick ? 1 : 2)),
    /** Requests to each server before the first round. */
    warmUp: quick ? 1_000 : 5_000,
    ...((values.help || unknown.length > 0) && { usage: USAGE }),
  };
}
