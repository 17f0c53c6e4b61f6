import {
  commitFault,
  type FakeReply,
  type FakeRequest,
  FaultQueue,
  fakeClock,
  RecordTable,
  startFakeServer,
} from '#connectors/testing';

export type ToyCrmFake = Awaited<ReturnType<typeof startToyCrmFake>>;

/** Toy CRM as its vendor documents it, on a real port: the public API, and what the people do who use it. */
export async function startToyCrmFake(options: { readonly startAt?: Date; readonly port?: number } = {}) {
  let made = 0;
  const clock = fakeClock(options.startAt);
  const people = new RecordTable({ clock, nextId: () => `p${++made}`, listener: () => undefined });
  const crm = { clock, people, faults: new FaultQueue(), account: 'toys', token: 'a-toy-token' };
  const server = await startFakeServer(async (request, response) => {
    response.setHeader('date', new Date(clock.now()).toUTCString());
    const fault = crm.faults.take(request.path);
    return fault ? commitFault(fault, response, async () => answer(crm, request)) : answer(crm, request);
  }, options.port);
  return { ...server, crm };
}

type ToyCrm = Pick<ToyCrmFake['crm'], 'people' | 'account' | 'token'>;

function answer({ people, account, token }: ToyCrm, { path, query, headers }: FakeRequest): FakeReply {
  if (headers.authorization !== `Bearer ${token}`) return { status: 401 };
  if (path === '/me') return { status: 200, json: { account } };
  if (path === '/fields') return { status: 200, json: FIELDS };
  if (path !== '/people') return { status: 404 };
  return { status: 200, json: query.has('ids') ? named(people, query) : page(people, query) };
}

function page(people: RecordTable, query: URLSearchParams) {
  const since = Date.parse(query.get('changed_since') ?? '1970-01-01');
  const ids = people.listed().map(({ id }) => id);
  const place = ids.indexOf(query.get('after') ?? '') + 1;
  const rest = people
    .listed()
    .slice(place)
    .filter(({ modifiedAt }) => modifiedAt >= since);
  const shown = rest.slice(0, 50);
  return { people: shown.map(json), next: rest.length > 50 ? (shown.at(-1)?.id ?? null) : null };
}

function named(people: RecordTable, query: URLSearchParams) {
  const ids = new Set(query.get('ids')?.split(','));
  return {
    people: people
      .listed()
      .filter(({ id }) => ids.has(id))
      .map(json),
    next: null,
  };
}

const json = ({ id, fields, modifiedAt, disguise }: ReturnType<RecordTable['listed']>[number]) =>
  disguise ?? { id, ...fields, changed_at: new Date(modifiedAt).toISOString() };

const FIELDS = ['id', 'name', 'email', 'changed_at'].map((name) => ({ name, label: name, type: 'text' }));
