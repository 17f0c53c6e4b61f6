import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql';
import { PostgresEventStore } from '#event-sourcing';
import { createPool, uuidv4, uuidv7 } from '#platform';
import { administer } from '../database/server.mjs';
import { inlined } from '../http/pgbench-scripts.mjs';
import { closeLater } from '../measure/clean-up.mjs';
import { compare, rateOf } from '../measure/compare.mjs';
import { pgbench } from '../measure/pgbench.mjs';
import { BATCH, PLAIN_BATCH, PLAIN_ONE, PLAIN_TABLES } from './plain-insert.mjs';

const AIM = 0.8;
const AIM_OVER_EMMETT = 2;
const PARALLEL = [1, 16];

/** Events of new streams, without a projection: the store against inserts of the same rows and against Emmett. */
export async function benchAppend(server, options) {
  const url = await server.createDatabase();
  await administer(url, ...PLAIN_TABLES);
  const rows = [];
  for (const parallel of PARALLEL) {
    const world = openWorld(url, parallel);
    rows.push(
      ...(await compareOne(world, options)),
      ...(await compareBatches(world, options)),
      ...(await compareStatements(world, options)),
    );
    await world.close();
  }
  return rows;
}

function openWorld(url, parallel) {
  const pool = createPool({ url, max: parallel });
  const emmett = getPostgreSQLEventStore(url);
  const close = closeLater(async () => {
    await emmett.close();
    await pool.end();
  });
  const at = `${parallel} connection${parallel > 1 ? 's' : ''}`;
  return { url, parallel, at, pool, store: new PostgresEventStore(pool), emmett, close };
}

/** One event in one append, from Node, where the plain insert comes from pgbench and, to tell Node's share, from Node. */
async function compareOne({ url, parallel, at, pool, store, emmett }, { rounds, seconds }) {
  const timed = (name, work) => ({ name, round: () => rateOf(work, { seconds, parallel }) });
  return compare({
    what: `append 1 event, ${at}`,
    subject: timed('store', () => store.append([newStream()])),
    baselines: [
      ...(await pgbench({
        name: 'pgbench, plain insert',
        url,
        script: PLAIN_ONE,
        clients: parallel,
        seconds,
        variables,
        aim: AIM,
      })),
      timed('pg, plain insert', () => pool.query(plainInsert())),
      {
        ...timed('Emmett', () =>
          emmett.appendToStream(uuidv4(), [{ type: TYPE, data, metadata }], {
            expectedStreamVersion: 'STREAM_DOES_NOT_EXIST',
          }),
        ),
        aim: AIM_OVER_EMMETT,
      },
    ],
    rounds,
  });
}

async function compareBatches({ url, parallel, at, store }, { rounds, seconds }) {
  const batch = () => Array.from({ length: BATCH }, newStream);
  return compare({
    what: `append ${BATCH} streams, ${at}`,
    subject: {
      name: 'store',
      round: () => rateOf(() => store.append(batch()), { seconds, parallel, each: BATCH }),
    },
    baselines: await pgbench({
      name: 'pgbench, plain insert',
      url,
      script: PLAIN_BATCH,
      clients: parallel,
      seconds,
      each: BATCH,
      variables,
      aim: AIM,
    }),
    rounds,
  });
}

/** The store's own statements, from pgbench too: what the checks and the watermark cost inside PostgreSQL. */
async function compareStatements({ url, parallel, at }, { rounds, seconds }) {
  const [one, many] = await recordStatements();
  const pair = async (what, ours, plain) => {
    const run = (name, script, aim) =>
      pgbench({ name, url, script, clients: parallel, seconds, variables, aim });
    const [subject] = await run('store', ours);
    if (!subject) return [];
    return compare({ what, subject, baselines: await run('pgbench, plain insert', plain, AIM), rounds });
  };
  return [
    ...(await pair(`its statement for 1 event from pgbench, ${at}`, scriptOfOne(one), PLAIN_ONE)),
    ...(await pair(
      `its statement for ${BATCH} streams from pgbench, ${at}`,
      scriptOfMany(many),
      PLAIN_BATCH,
    )),
  ];
}

const NEW_ID = 'gen_random_uuid()';
const scriptOfOne = (one) => script(inlined(one, { 0: NEW_ID, 3: NEW_ID, 6: ':data', 7: ':meta' }));

function scriptOfMany(many) {
  const streams = '(select ids from fresh)';
  const given = { 0: streams, 3: streams, 4: `array(select ${NEW_ID} from generate_series(1, ${BATCH}))` };
  const fresh = `fresh as materialized (select array_agg(${NEW_ID}) as ids from generate_series(1, ${BATCH}))`;
  return script(
    inlined(many, { ...given, 7: ':documents', 8: ':headers' }).replace(/^with /, `with ${fresh}, `),
  );
}

const script = (statement) => `${statement.replaceAll(/\s*\n\s*/g, ' ')};\n`;

async function recordStatements() {
  const statements = [];
  const recorder = {
    query: async ({ text, values }) => {
      statements.push({ text, values });
      return { rows: [values[0]].flat().map((stream_id) => ({ stream_id, version: 1, global_position: 1 })) };
    },
  };
  const store = new PostgresEventStore(recorder);
  await store.append([newStream()]);
  await store.append(Array.from({ length: BATCH }, newStream));
  return statements;
}

const TYPE = 'IdentityCreated';
const CATEGORY = 'bench';
const data = {
  identityId: uuidv4(),
  projectId: null,
  identifierKey: 'ada@example.com',
  name: 'Ada Lovelace',
  identityType: 'user',
  properties: [
    { key: 'plan', type: 'string', value: 'pro' },
    { key: 'seats', type: 'number', value: 5 },
  ],
  agentIds: [],
  blockIds: [],
};
const metadata = {
  actor: `key:${uuidv4()}`,
  source: 'rest',
  correlationId: uuidv4(),
  occurredAt: new Date().toISOString(),
};

const newStream = () => ({
  streamId: uuidv4(),
  category: CATEGORY,
  expectedVersion: 0,
  events: [{ id: uuidv7(), type: TYPE, schemaVersion: 1, data, metadata }],
});

const arrayOf = (value) =>
  `{${Array(BATCH)
    .fill(JSON.stringify(JSON.stringify(value)))
    .join()}}`;
const variables = {
  data: JSON.stringify(data),
  meta: JSON.stringify(metadata),
  datas: arrayOf(data),
  metas: arrayOf(metadata),
  documents: JSON.stringify(Array(BATCH).fill(data)),
  headers: JSON.stringify(Array(BATCH).fill(metadata)),
};

const plainInsert = () => ({
  name: 'plain_insert',
  text: `with stream as (insert into plain.streams (stream_id, category, version) values ($1, $2, 1))
    insert into plain.events (global_position, stream_id, version, event_id, type, schema_version, data, meta)
    values (nextval('plain.global_position'), $1, 1, $3, $4, 1, $5, $6)`,
  values: [uuidv4(), CATEGORY, uuidv7(), TYPE, JSON.stringify(data), JSON.stringify(metadata)],
});
