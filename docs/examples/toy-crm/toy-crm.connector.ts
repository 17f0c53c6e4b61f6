import { z } from 'zod';
import { callFor, createHttpClient, fetchInBatches, parseEach } from '#connectors/ground';
import {
  ConfigError,
  type Connector,
  type ConnectorContext,
  type FetchedRecord,
  InvalidResponse,
  type Page,
  rateSpecsSchema,
} from '#connectors/port';

const configSchema = z.strictObject({ baseUrl: z.url(), limits: rateSpecsSchema.optional() });
const secretsSchema = z.strictObject({ token: z.string().min(1) });
/** Behind whom the next page starts, what was asked for, and when the asking began, by the vendor's clock. */
const cursorSchema = z.strictObject({
  after: z.string().nullable(),
  since: z.string().nullable(),
  began: z.string().nullable(),
});
type Context = ConnectorContext<z.output<typeof configSchema>, z.output<typeof secretsSchema>>;
type Cursor = z.output<typeof cursorSchema>;

export const toyCrmConnector: Connector<Context['config'], Context['secrets'], Cursor> = {
  descriptor: {
    id: 'toy-crm',
    name: 'Toy CRM',
    version: '1',
    configSchema,
    secretsSchema,
    cursorSchema,
    scopes: [],
    tables: [
      {
        id: 'people',
        label: 'People',
        defaultMapping: {
          version: 1,
          identifier_key: 'email ? $lowercase($trim(email)) : "toy-crm-" & id',
          name: 'name',
          identity_type: '"user"',
          properties: [{ key: 'toy_crm_id', type: 'string', value: 'id' }],
        },
      },
    ],
    capabilities: {
      incremental: 'keyset',
      deletes: 'sweep',
      merges: 'none',
      webhook: 'none',
      batchRead: 50,
      lookbackMs: 0,
      limits: [{ requests: 10, perMs: 1_000 }],
    },
  },
  check: async (context) => ({ ok: true, account: (await ask(context, '/me', meSchema)).data.account }),
  discover: async (context, stream) => {
    if (stream !== 'people') throw new ConfigError(`Toy CRM has no ${stream}, only people`);
    return (await ask(context, '/fields', fieldsSchema)).data;
  },
  read: (context, _stream, from) => readPeople(context, from),
  fetchByIds: (context, _stream, ids) => fetchInBatches(ids, 50, (batch) => fetchBatch(context, batch)),
  listIds: async function* (context, _stream, from) {
    for await (const { records, rejected, ...page } of readPeople(context, from)) {
      const ids = [...records, ...rejected].map(({ id }) => {
        if (id === null) throw new InvalidResponse('Toy CRM listed somebody without an id');
        return id;
      });
      yield { ...page, ids };
    }
  },
};

/** The vendor pages by id, so a change on the way moves nobody; it is dated after `began`, and the next run's. */
async function* readPeople(context: Context, from: Cursor | null): AsyncGenerator<Page<Cursor>> {
  let cursor = from ?? { after: null, since: null, began: null };
  for (let done = false; !done; ) {
    const query = { after: cursor.after ?? undefined, changed_since: cursor.since ?? undefined };
    const { data, lossy, serverDate } = await ask(context, '/people', pageSchema, query);
    const began = cursor.began ?? serverDate?.toISOString() ?? null;
    done = data.next === null;
    cursor = done ? { after: null, since: began, began: null } : { ...cursor, after: data.next, began };
    yield { ...readRecords(data.people, lossy), next: cursor, done, serverDate };
  }
}

async function fetchBatch(context: Context, ids: readonly string[]): Promise<Map<string, FetchedRecord>> {
  const { data, lossy } = await ask(context, '/people', pageSchema, { ids: ids.join(',') });
  const { records, rejected } = readRecords(data.people, lossy);
  const answers = new Map<string, FetchedRecord>(ids.map((id) => [id, { status: 'gone' }]));
  for (const record of records) answers.set(record.id, { status: 'found', record });
  for (const one of rejected) if (one.id) answers.set(one.id, { status: 'rejected', rejected: one });
  return answers;
}

function ask<Shape>(
  context: Context,
  path: string,
  schema: z.ZodType<Shape>,
  query?: Record<string, string | undefined>,
) {
  const headers = () => ({ authorization: `Bearer ${context.secrets.token}` });
  const client = createHttpClient({ baseUrl: context.config.baseUrl, context, headers });
  return callFor(client, { method: 'GET', path, query }, schema);
}

const readRecords = (people: readonly unknown[], lossy: boolean) =>
  parseEach(people, {
    schema: personSchema,
    lossy,
    idOf: (person) => namedSchema.safeParse(person).data?.id ?? null,
    idIn: ({ id }) => id,
    toRecord: (raw) => ({ stream: 'people', id: raw.id, updatedAt: raw.changed_at, raw }),
  });

const meSchema = z.object({ account: z.string() });
const fieldsSchema = z.array(z.object({ name: z.string(), label: z.string(), type: z.string() }));
const pageSchema = z.object({ people: z.array(z.unknown()), next: z.string().nullable() });
const namedSchema = z.looseObject({ id: z.string().min(1) });
const personSchema = namedSchema.extend({ changed_at: z.iso.datetime() });
