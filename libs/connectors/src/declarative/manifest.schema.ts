import { z } from 'zod';
import { mappingSchema } from '../mapping/mapping.schema.js';
import { DATE_FORMATS, parseDuration } from './date-format.js';
import { placeholdersOf } from './template.js';
import { webhookSchema } from './webhook.schema.js';

const name = z.string().regex(/^[a-zA-Z]\w{0,63}$/, 'expected a name of letters, digits and _');
const path = z.string().max(300);
const template = z.string().max(4_000);

const duration = z.string().transform((text, context) => {
  const ms = parseDuration(text);
  if (ms !== null) return ms;
  context.addIssue('expected an ISO 8601 duration of days or less, such as PT5M or P2D');
  return z.NEVER;
});

const fieldSchema = z.strictObject({
  type: z.enum(['string', 'url', 'integer', 'number', 'boolean', 'strings']),
  label: z.string().optional(),
  description: z.string().optional(),
  required: z.boolean().default(false),
  default: z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]).optional(),
});

const requestSchema = z.strictObject({
  method: z.enum(['GET', 'POST']).default('GET'),
  path: template.startsWith('/', 'expected a path that starts with /'),
  query: z.record(z.string(), z.union([template, z.number(), z.boolean()])).default({}),
  headers: z.record(z.string(), template).default({}),
  body: z.unknown().optional(),
});

const size = z.int().min(1).max(10_000);

const paginateSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('none') }),
  z.strictObject({ type: z.literal('token'), size, next: path.min(1) }),
  z.strictObject({ type: z.literal('link'), size, next: path.min(1) }),
  z.strictObject({ type: z.literal('offset'), size, total: path.optional() }),
  z.strictObject({ type: z.literal('page'), size, start: z.int().min(0).default(1) }),
  z.strictObject({
    type: z.literal('keyset'),
    size,
    fields: z.array(path.min(1)).min(1).max(3),
    /** What the first page comes after; absent: its placeholders have nothing to say. */
    start: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  }),
]);

const listSchema = requestSchema.extend({
  records: path,
  total: path.optional(),
  paginate: paginateSchema,
});

const cursorSchema = z
  .strictObject({
    format: z.enum(DATE_FORMATS),
    op: z.enum(['gte', 'gt']).default('gte'),
    granularity: z.enum(['ms', 'second', 'day']).default('ms'),
    lookback: duration.default(0),
    upper: duration.optional(),
    clientSideFilter: z.boolean().default(false),
  })
  .refine((cursor) => cursor.granularity !== 'day' || cursor.clientSideFilter, {
    message: 'a filter by days needs clientSideFilter: true, or every run reads whole days again',
    path: ['clientSideFilter'],
  });

const getSchema = requestSchema.extend({
  batch: z.int().min(1).max(1_000).default(1),
  records: path.default(''),
});

const tableSchema = z
  .strictObject({
    label: z.string().min(1),
    record: z.strictObject({
      id: path.min(1),
      updatedAt: path.optional(),
      updatedAtFormat: z.enum(DATE_FORMATS).default('iso'),
      archived: path.optional(),
      mergedInto: path.optional(),
      mergedIds: path.optional(),
    }),
    list: listSchema,
    incremental: listSchema.optional(),
    cursor: cursorSchema.optional(),
    get: getSchema,
    ids: listSchema.optional(),
    deletions: z
      .discriminatedUnion('type', [
        z.strictObject({ type: z.enum(['none', 'archived', 'sweep']) }),
        z.strictObject({ type: z.literal('list'), list: listSchema }),
      ])
      .default({ type: 'none' }),
    discover: z
      .strictObject({
        request: requestSchema,
        fields: path,
        name: path.default('name'),
        label: path.default('label'),
        type: path.default('type'),
      })
      .optional(),
    map: mappingSchema,
  })
  .superRefine((stream, context) => {
    const complain = (at: string[], message: string) =>
      context.addIssue({ code: 'custom', path: at, message });
    if (stream.incremental && !stream.cursor)
      complain(['incremental'], 'an incremental request needs a cursor beside it');
    if (stream.cursor && !stream.incremental)
      complain(['cursor'], 'a cursor needs an incremental request beside it');
    if (stream.cursor?.clientSideFilter && !stream.record.updatedAt)
      complain(['record'], 'clientSideFilter needs record.updatedAt');
    if (stream.cursor?.upper !== undefined && stream.incremental?.paginate.type !== 'keyset')
      complain(
        ['cursor', 'upper'],
        'works with keyset paging only: another end moves the pages of the others',
      );
    if (stream.deletions.type === 'archived' && !stream.record.archived)
      complain(['deletions'], 'archived needs record.archived');
  });

const authSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('none') }),
  z.strictObject({ type: z.literal('header'), name: z.string().min(1), value: template.min(1) }),
  z.strictObject({ type: z.literal('query'), name: z.string().min(1), value: template.min(1) }),
  z.strictObject({ type: z.literal('bearer'), token: template.min(1) }),
  z.strictObject({ type: z.literal('basic'), username: template, password: template }),
  z.strictObject({
    type: z.literal('oauth2_refresh'),
    tokenUrl: template.min(1),
    clientAuth: z.enum(['basic', 'body']).default('body'),
    /** Secrets to keep from the answer beside the tokens: name of the secret, path in the answer. */
    keep: z.record(name, path.min(1)).default({}),
  }),
]);

export const ACTIONS = [
  'retry',
  'rate_limit',
  'quota',
  'refresh_auth',
  'reauthorize',
  'config',
  'gone',
] as const;

const errorSchema = z.strictObject({
  status: z.union([z.int().min(300).max(599), z.array(z.int().min(300).max(599)).min(1)]),
  /** Plain text that the body has to contain. */
  bodyMatch: z.string().min(1).optional(),
  action: z.enum(ACTIONS),
});

const rateHeadersSchema = z
  .strictObject({
    retryAfter: z.string(),
    reset: z.strictObject({ name: z.string(), unit: z.enum(['epoch_s', 'relative_s']) }),
    dailyRemaining: z.string(),
  })
  .partial();

/** What a vendor's REST API is like, written down: everything a `Connector` needs to know. */
export const manifestSchema = z
  .strictObject({
    id: z.string().regex(/^[a-z][a-z0-9-]{1,40}$/, 'expected lower-case letters, digits and -'),
    name: z.string().min(1).max(80),
    version: z.string().min(1).max(40),
    scopes: z.array(z.string()).default([]),
    settings: z.record(name, fieldSchema).default({}),
    secrets: z.record(name, fieldSchema).default({}),
    auth: authSchema,
    baseUrl: template.min(1),
    headers: z.record(z.string(), template).default({}),
    limits: z
      .array(z.strictObject({ requests: z.int().min(1), perMs: z.int().min(1), path: z.string().optional() }))
      .default([]),
    rateHeaders: rateHeadersSchema.default({}),
    errors: z.array(errorSchema).default([]),
    check: requestSchema.extend({ account: z.string() }),
    streams: z
      .record(name, tableSchema)
      .refine((streams) => Object.keys(streams).length > 0, 'expected a stream'),
    webhook: webhookSchema.optional(),
  })
  .superRefine((manifest, context) => {
    for (const { path: at, text } of textsOf(manifest, [])) {
      if (at.includes('map') || (at.at(-1) === 'account' && at[0] === 'check')) continue;
      const { paths, stray } = placeholdersOf(text);
      if (stray)
        context.addIssue({ code: 'custom', path: at, message: 'expected {{path}}: the braces hold no path' });
      for (const asked of paths) {
        const message = unknownPlaceholder(manifest, at, asked);
        if (message) context.addIssue({ code: 'custom', path: at, message });
      }
    }
    for (const stream of signalTables(manifest.webhook))
      if (!Object.hasOwn(manifest.streams, stream))
        context.addIssue({
          code: 'custom',
          path: ['webhook', 'signals', 'on'],
          message: `there is no stream ${stream}`,
        });
  });

export type ManifestDocument = z.input<typeof manifestSchema>;
export type Manifest = z.output<typeof manifestSchema>;
export type ManifestTable = Manifest['streams'][string];
export type ManifestRequest = z.output<typeof requestSchema>;
export type ManifestList = z.output<typeof listSchema>;
export type ManifestField = z.output<typeof fieldSchema>;

const PAGE_FIELDS = ['token', 'offset', 'number', 'size', 'after'];
const OAUTH_SECRETS = ['accessToken', 'refreshToken', 'clientId', 'clientSecret'];

function unknownPlaceholder(
  manifest: { settings: object; secrets: object; auth: { type: string; keep?: object } },
  at: readonly PropertyKey[],
  asked: string,
): string | null {
  const [root = '', field = ''] = asked.split('.');
  const kept = [...OAUTH_SECRETS, ...Object.keys(manifest.auth.keep ?? {})];
  switch (root) {
    case 'settings':
      return Object.hasOwn(manifest.settings, field) ? null : `{{${asked}}}: there is no setting ${field}`;
    case 'secrets':
      return Object.hasOwn(manifest.secrets, field) ||
        (manifest.auth.type === 'oauth2_refresh' && kept.includes(field))
        ? null
        : `{{${asked}}}: there is no secret ${field}`;
    case 'page':
      return at[0] === 'streams' && PAGE_FIELDS.includes(field)
        ? null
        : `{{${asked}}}: a page has ${PAGE_FIELDS.join(', ')}`;
    case 'cursor':
      return at.includes('incremental') && (field === 'from' || field === 'to')
        ? null
        : `{{${asked}}}: only incremental requests have cursor.from and cursor.to`;
    case 'id':
    case 'ids':
      return at.includes('get') ? null : `{{${asked}}}: only get requests have id and ids`;
    case 'event':
    case 'delivery':
      return at[0] === 'webhook' ? null : `{{${asked}}}: only webhooks have ${root}`;
    default:
      return `{{${asked}}}: expected settings, secrets, page, cursor, id, ids, event or delivery`;
  }
}

function signalTables(webhook: z.output<typeof webhookSchema> | undefined): string[] {
  return Object.values(webhook?.signals.on ?? {}).flatMap((signals) => signals.map(({ stream }) => stream));
}

function textsOf(value: unknown, path: PropertyKey[]): { path: PropertyKey[]; text: string }[] {
  if (typeof value === 'string') return [{ path, text: value }];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) =>
    textsOf(child, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}
