import { fillRoster, idOf } from '../database/roster.mjs';
import { startLoad, startRollcall } from '../http/processes.mjs';
import { compare } from '../measure/compare.mjs';

const CONNECTIONS = 8;
const PAGE = 50;
/** What still counts as the same within noise. */
const SAME = 0.9;

/** A page at the start of a long roster against one at its end, with and without the property filter. */
export async function benchPaging(server, options) {
  const people = options.quick ? 100_000 : 1_000_200;
  const databaseUrl = await server.createDatabase();
  await fillRoster(databaseUrl, people);
  const rollcall = await startRollcall(databaseUrl);
  const load = startLoad();
  const rows = [];
  for (const { what, filter } of lists) {
    rows.push(...(await compareDepths({ what, filter, people, rollcall, load, options })));
  }
  await load.stop();
  await rollcall.stop();
  return rows;
}

const lists = [
  { what: 'list', filter: '' },
  { what: 'list by property', filter: '&property%5Bplan%5D=pro' },
];

async function compareDepths({ what, filter, people, rollcall, load, options }) {
  const { rounds, seconds, warmUp } = options;
  const { url, key } = rollcall;
  const at = (cursor) =>
    `/v1/identities/?limit=${PAGE}${filter}${cursor ? `&after=identity-${idOf(cursor)}` : ''}`;
  const run = (cursor, length) =>
    load.rate({ url, key, operation: 'path', path: at(cursor), connections: CONNECTIONS, ...length });
  const page = (name, cursor) => ({ name, round: () => run(cursor, { seconds }) });
  // Newest first: the further from the end of the numbers, the deeper.
  const deep = people - 200;
  await run(people - PAGE, { amount: warmUp });
  return compare({
    what: `${what}, ${deep.toLocaleString('en')} rows deep`,
    subject: page('deep', people - deep),
    baselines: [
      { ...page('page 2', people - PAGE), aim: SAME },
      // Has no cursor, whose place in the created order is one look-up by primary key.
      page('page 1', undefined),
    ],
    rounds,
  });
}
