import { fillRoster } from '../database/roster.mjs';
import { compare } from '../measure/compare.mjs';
import { pgbench } from '../measure/pgbench.mjs';
import { pgbenchScripts } from './pgbench-scripts.mjs';
import { startBareApi, startLoad, startRollcall } from './processes.mjs';
import { recordStatements } from './recorded-statements.mjs';

const PEOPLE = 10_000;

const operations = [
  { operation: 'retrieve', what: 'retrieve', aim: 0.65 },
  { operation: 'byKey', what: 'by key', aim: 0.65 },
  { operation: 'list', what: 'list of 50', aim: 0.75 },
  { operation: 'modify', what: 'modify', aim: 0.75 },
  { operation: 'create', what: 'create', aim: 0.75 },
];

/** Rollcall's API process against a bare Fastify handler and against pgbench, with the same statements. */
export async function benchHttp(server, options) {
  const databaseUrl = await server.createDatabase();
  await fillRoster(databaseUrl, PEOPLE);
  const statements = await recordStatements();
  const load = startLoad();
  const apis = {
    rollcall: await startRollcall(databaseUrl),
    bare: await startBareApi(databaseUrl, statements),
  };
  const world = { databaseUrl, load, apis, scripts: pgbenchScripts(statements, PEOPLE), options };
  const rows = [];
  const wanted = process.env.BENCH_OPERATIONS?.split(',');
  for (const one of operations.filter(({ operation }) => !wanted || wanted.includes(operation))) {
    for (const connections of [1, 32]) rows.push(...(await compareOne(world, one, connections)));
  }
  for (const process of [load, apis.rollcall, apis.bare]) await process.stop();
  return rows;
}

async function compareOne({ databaseUrl, load, apis, scripts, options }, one, connections) {
  const { rounds, seconds, warmUp } = options;
  const run = ({ url, key }, length) =>
    load.rate({ url, key, operation: one.operation, connections, people: PEOPLE, ...length });
  // By number, not by time: what is compiled by then must not depend on how busy the machine is.
  for (const api of Object.values(apis)) await run(api, { amount: warmUp });
  const contender = (name, api) => ({ name, round: () => run(api, { seconds }) });
  return compare({
    what: `${one.what}, ${connections} connection${connections > 1 ? 's' : ''}`,
    subject: contender('Rollcall', apis.rollcall),
    baselines: [
      { ...contender('bare Fastify + pg', apis.bare), aim: one.aim },
      ...(await pgbench({
        name: 'pgbench',
        url: databaseUrl,
        script: scripts[one.operation],
        clients: connections,
        seconds,
      })),
    ],
    rounds,
  });
}
