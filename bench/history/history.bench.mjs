import { PostgresEventStore } from '#event-sourcing';
import {
  createIdentity,
  GetIdentityAsOf,
  GetIdentityAsOfHandler,
  IdentityDrafts,
  IdentityRepository,
  identityEvents,
  identityProjection,
  upsertProperties,
} from '#identity';
import { createPool, uuidv4 } from '#platform';
import { closeLater } from '../measure/clean-up.mjs';
import { compare } from '../measure/compare.mjs';

const PROPERTIES = 1_000;
const EVENTS = 5_000;
const EACH_ROUND = 5;
/** At most one and a half times the CPU of reading. */
const AIM = 1 / 1.5;

/** An identity as it was, against reading and decoding the same events: in CPU time, this process's own. */
export async function benchHistory(server, { rounds }) {
  const pool = createPool({ url: await server.createDatabase(), max: 2 });
  const close = closeLater(() => pool.end());
  const store = new PostgresEventStore(pool, [identityProjection]);
  const id = await longHistory(store);
  const handler = new GetIdentityAsOfHandler(store);
  const asOf = (version) => () => handler.execute(new GetIdentityAsOf(id, version, 'all'));
  const read = async () => (await store.readStream(id)).map((event) => identityEvents.upcast(event));
  const rows = [];
  for (const [what, version] of [
    ['the last version', EVENTS],
    ['a time', new Date()],
  ]) {
    rows.push(
      ...(await compare({
        what: `as of ${what}, ${PROPERTIES} properties, ${EVENTS} events, CPU`,
        subject: { name: 'as of', round: () => perCpuSecond(asOf(version)) },
        baselines: [{ name: 'read and decode', round: () => perCpuSecond(read), aim: AIM }],
        rounds,
      })),
    );
  }
  await close();
  return rows;
}

/** How often `work` runs in a second of this process's CPU time. */
async function perCpuSecond(work) {
  const before = process.cpuUsage();
  for (let count = 0; count < EACH_ROUND; count++) await work();
  const { user, system } = process.cpuUsage(before);
  return (EACH_ROUND * 1_000_000) / (user + system);
}

/** Decided in memory and appended at once: what takes 5,000 requests otherwise. */
async function longHistory(store) {
  const identities = new IdentityRepository(store);
  const drafts = new IdentityDrafts(identities);
  const metadata = identities.transactor.stamp({ actor: 'bench', source: 'cli', correlationId: 'bench' });
  const id = uuidv4();
  const properties = Array.from({ length: PROPERTIES }, (_, n) => property(n, -1));
  const input = { projectId: null, identifierKey: 'wide', name: 'Wide', identityType: 'user', properties };
  drafts.decide(id, createIdentity(id, input), metadata);
  for (let n = 1; n < EVENTS; n++)
    drafts.decide(id, upsertProperties(id, [property(n % PROPERTIES, n)]), metadata);
  await drafts.append();
  return id;
}

const property = (key, value) => ({ key: `key-${key}`, type: 'number', value });
