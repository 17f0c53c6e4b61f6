import { startRollcall } from '../http/processes.mjs';
import { compare, secondsOf } from '../measure/compare.mjs';
import { copyInto, keepRows } from './copied-rows.mjs';

const AIM = 0.3;
const mapping = {
  identifier_key: 'email',
  name: 'name',
  identity_type: '=user',
  properties: { plan: 'plan', seats: { column: 'seats', type: 'number' } },
};

/** A CSV file through the front door and one worker, until the import says it is done, against COPY of the rows it made. */
export async function benchImport(server, options) {
  const count = options.quick ? 20_000 : 200_000;
  const file = csvOf(count);
  const copies = await server.createDatabase();
  let rows;
  const importOnce = async () => {
    const databaseUrl = await server.createDatabase();
    const rate = count / (await importSeconds(databaseUrl, file, count));
    rows ??= await keepRows(databaseUrl);
    return rate;
  };
  return compare({
    what: `import of ${count.toLocaleString('en')} rows, one worker`,
    subject: { name: 'Rollcall', round: importOnce },
    baselines: [
      {
        name: 'COPY',
        round: async () => count / (await copyInto(copies, rows)),
        aim: AIM,
      },
    ],
    rounds: Math.min(options.rounds, 3),
  });
}

async function importSeconds(databaseUrl, file, count) {
  const api = await startRollcall(databaseUrl, { only: 'api' });
  const worker = await startRollcall(databaseUrl, { only: 'worker' });
  const seconds = await secondsOf(async () => {
    const { id } = await call(api, `?mapping=${encodeURIComponent(JSON.stringify(mapping))}`, {
      method: 'POST',
      headers: { 'content-type': 'text/csv' },
      body: file,
    });
    const { rows, error } = await untilDone(api, id);
    if (rows.created !== count) throw new Error(`${rows.created} of ${count} rows were imported: ${error}`);
  });
  await worker.stop();
  await api.stop();
  return seconds;
}

async function untilDone(api, id) {
  for (;;) {
    const state = await call(api, `/${id}`);
    if (state.status !== 'receiving' && state.status !== 'running') return state;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function call({ url, key }, path, { headers, ...request } = {}) {
  const answer = await fetch(`${url}/v1/imports${path}`, {
    ...request,
    headers: { ...headers, authorization: `Bearer ${key}` },
  });
  if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
  return answer.json();
}

function csvOf(count) {
  const lines = ['email,name,plan,seats'];
  for (let n = 1; n <= count; n++) {
    lines.push(`person-${n}@example.com,Person ${n},${n % 2 ? 'free' : 'pro'},${n % 50}`);
  }
  return Buffer.from(`${lines.join('\n')}\n`);
}
