// Makes `test/fixtures/release-<version>.sql` and `release-<version>.answers.json` by the API of a release, on an empty database of a
// PostgreSQL 15 (newer servers load what older ones dump):
//   npm run build && node test/support/make-release-data.mjs dist/earlier/<commit>/dist/apps/cli/src/main.js 0.1.0 DATABASE_URL
import { execFileSync, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createPostgresBackend, withBackend } from 'bullmq';
import { startHubSpotFake } from '../../dist/libs/connectors/src/hubspot/fake/index.js';

const [main, version, databaseUrl] = process.argv.slice(2);
if (!databaseUrl) throw new Error('Usage: make-release-data.mjs MAIN VERSION DATABASE_URL');

/** Known to the spec that reads the data; they open nothing else. */
const keys = { admin: 'the-admin-key-of-fixtures', secret: Buffer.alloc(32, 7).toString('base64') };
const uuid = (n) => `0b5c0f3a-0000-4000-8000-${String(n).padStart(12, '0')}`;

const hubspot = await startHubSpotFake({ searchLagMs: 0 });
const service = await startService();
try {
  const ids = await writeIdentities();
  await importRows();
  await syncRecords();
  await leaveDeadLetters();
  writeFileSync(file('answers.json'), `${JSON.stringify(await answers(ids), null, 1)}\n`);
} finally {
  service.child.kill('SIGTERM');
  await service.ended;
  await hubspot.close();
}
writeFileSync(file('sql'), dump());

async function startService() {
  const child = spawn(process.execPath, [main, 'start'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env.PATH,
      PORT: '0',
      DATABASE_URL: databaseUrl,
      ROLLCALL_ADMIN_KEY: keys.admin,
      ROLLCALL_SECRET_KEY: keys.secret,
      ROLLCALL_ALLOW_PRIVATE_NETWORK: 'true',
      ROLLCALL_LOG_LEVEL: 'error',
    },
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    printed += text;
  });
  await until(
    () => printed,
    (text) => /\n {2}Queue .*\n/.test(text),
  );
  return { child, ended, url: /API +(http:\/\/[^/\s]+)/.exec(printed)[1] };
}

async function send(method, target, body) {
  const response = await fetch(`${service.url}${target}`, {
    method,
    headers: {
      authorization: `Bearer ${keys.admin}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${target}: ${response.status} ${await response.text()}`);
  return (response.headers.get('content-type') ?? '').startsWith('application/json')
    ? response.json()
    : response.text();
}

async function until(ask, so) {
  for (;;) {
    const answer = await ask();
    if (so(answer)) return answer;
    await sleep(50);
  }
}

/** Every type of property, every kind of event. */
async function writeIdentities() {
  const create = (body) => send('POST', '/v1/identities/', body);
  const org = await create({
    identifier_key: 'org:Ünï ☃',
    name: 'A "quoted" name',
    identity_type: 'org',
    project_id: 'a project',
    properties: [
      { key: 'text', value: 'a\nb', type: 'string' },
      { key: 'whole', value: 9_007_199_254_740_991, type: 'number' },
      { key: 'part', value: -0.000_001, type: 'number' },
      { key: 'truth', value: false, type: 'boolean' },
      { key: 'tree', value: { a: [1, { b: null }], '': 'x' }, type: 'json' },
    ],
  });
  const user = await create({
    identifier_key: 'ada@x.example',
    name: 'Ada',
    identity_type: 'user',
    agent_ids: [`agent-${uuid(1)}`],
    block_ids: [`block-${uuid(1)}`],
  });
  await send('PATCH', `/v1/identities/${user.id}`, { name: 'Ada Lovelace', identity_type: 'other' });
  await send('PUT', `/v1/identities/${user.id}/properties`, [{ key: 'plan', value: 'pro', type: 'string' }]);
  await send('PUT', `/v1/identities/${org.id}/properties`, [{ key: 'truth', value: 1, type: 'number' }]);
  await send('DELETE', `/v1/identities/${org.id}/properties/text`);
  await send('PATCH', `/v1/agents/agent-${uuid(2)}/identities/attach/${user.id}`);
  await send('PATCH', `/v1/agents/agent-${uuid(1)}/identities/detach/${user.id}`);
  await send('PATCH', `/v1/blocks/block-${uuid(2)}/identities/attach/${org.id}`);
  await send('PATCH', `/v1/blocks/block-${uuid(1)}/identities/detach/${user.id}`);
  await send('PUT', '/v1/identities/', { identifier_key: 'upserted', name: 'once', identity_type: 'user' });
  await send('PUT', '/v1/identities/', { identifier_key: 'upserted', name: 'twice', identity_type: 'user' });
  const gone = await create({ identifier_key: 'gone', name: 'Gone', identity_type: 'user' });
  await send('DELETE', `/v1/identities/${gone.id}`);
  return { org: org.id, user: user.id, gone: gone.id };
}

async function importRows() {
  const mapping = {
    identifier_key: 'key',
    name: 'name',
    identity_type: '=user',
    properties: { age: { column: 'age', type: 'number' } },
  };
  const rows = 'key,name,age\nrow-1,One,1\nrow-2,Two,two\nrow-3,Three,3\n,Nobody,4\nrow-1,One again,5\n';
  const response = await fetch(
    `${service.url}/v1/imports?${new URLSearchParams({ mapping: JSON.stringify(mapping) })}`,
    {
      method: 'POST',
      headers: { authorization: `Bearer ${keys.admin}`, 'content-type': 'text/csv' },
      body: rows,
    },
  );
  const { id } = await response.json();
  await until(
    () => send('GET', `/v1/imports/${id}`),
    (it) => it.finished_at !== null,
  );
}

/** With a changed record, a deleted one, a merge, a key that is taken and a record without one. */
async function syncRecords() {
  const { contacts } = hubspot.account;
  const made = ['one', 'two', 'three', 'four', 'five'].map((name) =>
    contacts.create({ email: `${name}@crm.example`, firstname: name, jobtitle: 'Analyst' }, { silent: true }),
  );
  contacts.create({ firstname: 'Without a key' }, { silent: true });
  const connection = await send('POST', '/v1/connections', {
    kind: 'hubspot',
    name: 'hubspot',
    settings: { baseUrl: hubspot.url },
    secrets: { accessToken: hubspot.token, clientSecret: hubspot.clientSecret },
    every_seconds: null,
  });
  const run = async (mode) => {
    const started = await send('POST', `/v1/connections/${connection.id}/runs`, { mode, stream: 'contacts' });
    await until(
      () => send('GET', `/v1/runs/${started[0].id}`),
      (it) => it.finished_at !== null,
    );
  };
  await run('full');
  contacts.update(made[0].id, { firstname: 'Changed', jobtitle: '' }, { silent: true });
  contacts.update(made[1].id, { email: 'ada@x.example' }, { silent: true });
  contacts.archive(made[2].id, { silent: true });
  contacts.merge(made[3].id, made[4].id, { silent: true });
  await run('incremental');
  await run('sweep');
}

async function leaveDeadLetters() {
  const { Queue } = withBackend(createPostgresBackend);
  const queue = new Queue('identity-commands', { connection: { connectionString: databaseUrl } });
  await queue.add('identity.create', { identifier_key: 'from-a-job', name: 'Job', identity_type: 'user' });
  await queue.add('identity.create', { identifier_key: 'not-parsed', name: 7 });
  await queue.add('identity.explode', {});
  await queue.add('identity.delete', { identity_id: `identity-${uuid(9)}` });
  await until(
    () => send('GET', '/v1/dead-letters'),
    (letters) => letters.length === 3,
  );
  await until(
    () => send('GET', '/v1/identities/?identifier_key=from-a-job'),
    (found) => found.length === 1,
  );
  await queue.close();
}

async function answers({ org, user, gone }) {
  const ids = (list) => list.map(({ id }) => id);
  const [connection] = await send('GET', '/v1/connections');
  const runs = `/v1/runs?connection_id=${connection.id}`;
  const targets = [
    '/v1/identities/?limit=100',
    '/v1/identities/?limit=2&order=desc',
    '/v1/identities/?identity_type=org',
    '/v1/identities/?property[plan]=pro',
    '/v1/identities/count',
    ...ids(await send('GET', '/v1/identities/?limit=100')).flatMap((id) => [
      `/v1/identities/${id}`,
      `/v1/identities/${id}/events`,
    ]),
    `/v1/identities/${gone}/events`,
    `/v1/identities/${org}?as_of=1`,
    `/v1/identities/${user}?as_of=2`,
    `/v1/identities/${user}/agents`,
    `/v1/identities/${org}/blocks`,
    '/v1/imports',
    ...ids(await send('GET', '/v1/imports')).flatMap((id) => [
      `/v1/imports/${id}`,
      `/v1/imports/${id}/rejected`,
    ]),
    '/v1/connections',
    runs,
    ...ids(await send('GET', runs)).flatMap((id) => [`/v1/runs/${id}`, `/v1/runs/${id}/outcomes`]),
    `/v1/connections/${connection.id}`,
    `/v1/outcomes?connection_id=${connection.id}`,
    `/v1/webhook-deliveries?connection_id=${connection.id}`,
    `/v1/conflicts?connection_id=${connection.id}`,
    `/v1/quarantine?connection_id=${connection.id}`,
    '/v1/dead-letters',
  ];
  return Promise.all(targets.map(async (target) => ({ target, body: await send('GET', target) })));
}

/** Plain SQL that any client can send; the queue's own schema is made anew by whoever starts. */
function dump() {
  const options = ['--no-owner', '--no-privileges', '--rows-per-insert=100', '--exclude-schema=bullmq'];
  const text = execFileSync('pg_dump', [...options, databaseUrl], { encoding: 'utf8' });
  return text.replaceAll(/^(\\.*|SET transaction_timeout.*|--.*|)\n/gm, '');
}

function file(kind) {
  return path.resolve('test/fixtures', `release-${version}.${kind}`);
}
