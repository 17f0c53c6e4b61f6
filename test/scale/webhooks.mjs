// Contacts change in a HubSpot fake with HubSpot's real limits, and webhooks tell the real service: at the end no change
// may be missing, and how long each took to be visible is printed.
//   npm run build && npm run test:webhooks -- [--contacts 100000] [--rate 200] [--seconds 180] [--max-lag SECONDS]
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Redis } from 'ioredis';
import pg from 'pg';
import { startServices } from '../support/services.mjs';
import { RunningService } from './running-service.mjs';

const STANDSTILL_MS = 120_000;
const { values } = parseArgs({
  options: {
    contacts: { type: 'string', default: '100000' },
    rate: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '180' },
    'max-lag': { type: 'string', default: 'Infinity' },
  },
});
const [contacts, rate, seconds, maxLag] = ['contacts', 'rate', 'seconds', 'max-lag'].map((name) =>
  Number(values[name]),
);

const services = await startServices();
try {
  await run(services.found);
} finally {
  if (services.found.redis) await forgetQueues(services.found);
  await services.stop();
}

async function run(found) {
  if (!found.redis) throw new Error('No Redis answers at TEST_REDIS_URL');
  const database = await createDatabase(found);
  const hubspot = startHubSpot();
  const { url, token, clientSecret } = await hubspot.ask('start', { contacts });
  const service = await RunningService.start({
    DATABASE_URL: database.href,
    REDIS_URL: found.redis,
    ROLLCALL_QUEUE_PREFIX: queuePrefix(found),
    ROLLCALL_ALLOW_PRIVATE_NETWORK: 'true',
    ROLLCALL_RATE_LIMIT: '0',
  });
  const pool = new pg.Pool({ connectionString: database.href, max: 1 });
  try {
    const connection = await post(service, '/v1/connections', {
      kind: 'hubspot',
      name: 'scale',
      settings: { baseUrl: url },
      secrets: { accessToken: token, clientSecret },
      every_seconds: null,
    });
    await backfill(service, connection.id);
    const webhook = `${service.url}/v1/webhooks/hubspot/${connection.id}`;
    const { changes } = await hubspot.ask('change', { webhook, rate, seconds });
    const settled = await hubspot.ask('settle');
    await untilWorkedOff(pool);
    report(settled, await faultsIn(pool, settled), lagsOf(changes, await visibleChanges(pool)));
    say(`process ${service.pid} used at most ${service.peakMb} MB`);
  } finally {
    await pool.end();
    await service.stop();
    await hubspot.ask('stop');
    hubspot.child.disconnect();
  }
}

async function backfill(service, connectionId) {
  const startedAt = Date.now();
  const [{ id }] = await post(service, `/v1/connections/${connectionId}/runs`, {
    mode: 'full',
    stream: 'contacts',
  });
  for (let view; ; await sleep(200)) {
    view = await service.get(`/v1/runs/${id}`);
    if (view.finished_at === null) continue;
    if (view.status !== 'completed') throw new Error(`The backfill is ${view.status}: ${view.error}`);
    const taken = (Date.now() - startedAt) / 1_000;
    return say(`${contacts} contacts are in after ${taken.toFixed(1)} s`);
  }
}

/** Waits for as long as there is progress. */
async function untilWorkedOff(pool) {
  let last = -1;
  for (let movedAt = Date.now(); ; await sleep(100)) {
    const { rows } = await pool.query(
      `select count(*)::int as left from webhook_deliveries where status = 'waiting'`,
    );
    const [{ left }] = rows;
    if (left === 0) return;
    if (left !== last) movedAt = Date.now();
    if (Date.now() - movedAt > STANDSTILL_MS)
      throw new Error(`${left} deliveries are left and nothing moves`);
    last = left;
  }
}

/** What is not in the roster as it is in HubSpot. */
async function faultsIn(pool, settled) {
  const { rows } = await pool.query('select identifier_key, properties from identities');
  const held = new Map(rows.map((row) => [property(row, 'hubspot_id'), row]));
  const faults = settled.contacts.flatMap(([id, email, title]) => {
    const row = held.get(id);
    if (!row) return [`contact ${id} is missing`];
    if (email && row.identifier_key !== email.toLowerCase()) return [`contact ${id} has another key`];
    return (property(row, 'job_title') ?? null) === title ? [] : [`contact ${id} has an older title`];
  });
  if (rows.length !== settled.contacts.length)
    faults.push(`${rows.length} identities for ${settled.contacts.length} contacts`);
  const failed = await pool.query(
    `select count(*)::int as n from webhook_deliveries where status = 'failed'`,
  );
  if (failed.rows[0].n > 0) faults.push(`${failed.rows[0].n} deliveries failed`);
  return faults;
}

function property({ properties }, wanted) {
  return properties.find(({ key }) => key === wanted)?.value;
}

/** By contact: the numbered titles that became visible, and when. A new contact may come with its first one. */
async function visibleChanges(pool) {
  const { rows } = await pool.query(
    `select meta->>'subject' as subject, title.value as title, recorded_at from es.events,
       lateral (select p->>'value' as value
         from jsonb_array_elements(coalesce(data->'changes'->'properties'->'set', data->'properties')) p
         where p->>'key' = 'job_title') title
     where type in ('IdentityCreated', 'IdentityModified') and title.value like 'title %' order by recorded_at`,
  );
  const byContact = new Map();
  for (const { subject, title, recorded_at: at } of rows) {
    const id = subject.slice(subject.indexOf(':') + 1);
    byContact.set(id, [...(byContact.get(id) ?? []), [Number(title.slice('title '.length)), at.getTime()]]);
  }
  return byContact;
}

/** A change is visible with the first title that is as new; archived contacts have nothing to show. */
function lagsOf(changes, visible) {
  return changes
    .flatMap(([id, number, changedAt]) => {
      const seen = (visible.get(id) ?? []).find(([title]) => title >= number);
      return seen ? [seen[1] - changedAt] : [];
    })
    .sort((a, b) => a - b);
}

function report(settled, faults, lags) {
  const at = (share) =>
    ((lags[Math.min(lags.length - 1, Math.floor(lags.length * share))] ?? 0) / 1_000).toFixed(2);
  say(`${settled.events} events in ${settled.calls} webhook calls, ${settled.refused} not acknowledged`);
  say(`${settled.requests} requests to HubSpot, ${settled.limited} answered 429`);
  say(`change to visible over ${lags.length} changes: p50 ${at(0.5)} s, p99 ${at(0.99)} s, max ${at(1)} s`);
  if (lags.length === 0) faults.push('no change became visible');
  if (Number(at(0.99)) > maxLag) faults.push(`p99 of the lag is above ${maxLag} s`);
  for (const fault of faults.slice(0, 20)) say(`FAILED: ${fault}`);
  if (faults.length === 0)
    say(`the roster equals HubSpot: ${settled.contacts.length} contacts, no change lost`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

function startHubSpot() {
  const child = fork(fileURLToPath(new URL('./changing-hubspot.mjs', import.meta.url)));
  const ask = async (what, given = {}) => {
    child.send({ what, ...given });
    const [answer] = await once(child, 'message');
    return answer;
  };
  return { child, ask };
}

async function post(service, path, body) {
  const response = await fetch(`${service.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${service.key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path} was answered with ${response.status}: ${await response.text()}`);
  return response.json();
}

/** Named after the run, whose end drops it. */
async function createDatabase({ run: name, own, embedded }) {
  const admin = new pg.Client({ connectionString: own ?? embedded });
  await admin.connect();
  await admin.query(`create database ${name}_webhooks`);
  await admin.end();
  const url = new URL(own ?? embedded);
  url.pathname = `/${name}_webhooks`;
  return url;
}

function queuePrefix({ run: name }) {
  return `${name}_webhooks`;
}

async function forgetQueues(found) {
  const redis = new Redis(found.redis);
  for await (const keys of redis.scanStream({ match: `{${queuePrefix(found)}}*`, count: 1_000 }))
    if (keys.length > 0) await redis.unlink(keys);
  await redis.quit();
}

function say(line) {
  console.log(line);
}
