import { compileExpressions, ExpressionError } from '#mapping';
import { ConfigError, InvalidResponse } from '../port/connector.errors.js';
import type { AccountCheck, Connector, ConnectorCapabilities, FieldDefinition } from '../port/connector.js';
import { type DeclarativeContext, manifestCalls, type Values } from './declarative.client.js';
import { type DeclarativeCursor, declarativeCursorSchema } from './declarative.cursor.js';
import { refreshAuth } from './declarative.oauth.js';
import { fetchByIds, readDeletions, readIds, readStream, tableReader } from './declarative.reader.js';
import { idOf } from './declarative.records.js';
import { secretsSchema, settingsSchema } from './declarative.settings.js';
import { declarativeWebhook } from './declarative.webhook.js';
import { type Manifest, type ManifestTable, manifestSchema } from './manifest.schema.js';
import { valueAt } from './template.js';

export type DeclarativeConnector = Connector<Values, Values, DeclarativeCursor>;

/** A connector made of a manifest. @throws ZodError when the document is none */
export function connectorFromManifest(document: unknown): DeclarativeConnector {
  return connectorOf(manifestSchema.parse(document));
}

/** The same for a manifest that was parsed before. */
export function connectorOf(manifest: Manifest): DeclarativeConnector {
  const { auth } = manifest;
  const streams = Object.values(manifest.streams);
  const reader = (context: DeclarativeContext, stream: string) =>
    tableReader(manifest, context, stream, known(manifest, stream));
  return {
    descriptor: {
      id: manifest.id,
      name: manifest.name,
      version: manifest.version,
      configSchema: settingsSchema(manifest),
      secretsSchema: secretsSchema(manifest),
      cursorSchema: declarativeCursorSchema,
      scopes: manifest.scopes,
      tables: Object.entries(manifest.streams).map(([id, { label, map }]) => ({
        id,
        label,
        defaultMapping: map,
      })),
      capabilities: capabilitiesOf(manifest),
    },
    check: (context) => check(manifest, context),
    discover: (context, stream) => discover(manifest, context, known(manifest, stream)),
    read: (context, stream, from) => readStream(reader(context, stream), from),
    fetchByIds: async (context, stream, ids) => fetchByIds(reader(context, stream), ids),
    listIds: (context, stream, from) => readIds(reader(context, stream), from),
    ...(streams.some(({ deletions }) => deletions.type === 'list')
      ? { deletions: deletionsOf(manifest) }
      : {}),
    ...(manifest.webhook ? { webhook: declarativeWebhook(manifest.webhook) } : {}),
    ...(auth.type === 'oauth2_refresh'
      ? { refreshAuth: (context) => refreshAuth(manifest, auth, context) }
      : {}),
  };
}

function deletionsOf(manifest: Manifest): NonNullable<DeclarativeConnector['deletions']> {
  return async function* (context, stream, from) {
    const rules = known(manifest, stream);
    if (rules.deletions.type !== 'list') return;
    yield* readDeletions(tableReader(manifest, context, stream, rules), rules.deletions.list, from);
  };
}

/** Reads the account, and one page of each stream: a missing permission shows here and not in the middle of a run. */
async function check(manifest: Manifest, context: DeclarativeContext): Promise<AccountCheck> {
  const answer = await manifestCalls(manifest, context)(manifest.check);
  const account = idOf(await accountOf(manifest, context, answer.json));
  if (account === null) throw new InvalidResponse('check.account found no account in the answer');
  for (const stream of Object.keys(manifest.streams)) {
    const error = await configErrorOf(manifest, context, stream);
    if (error) return { ok: false, account, detail: `${stream} cannot be read: ${error.message}` };
  }
  return { ok: true, account };
}

async function accountOf(
  manifest: Manifest,
  { config }: DeclarativeContext,
  answer: unknown,
): Promise<unknown> {
  const { expressions, faults } = await compileExpressions([
    { field: 'check.account', source: manifest.check.account },
  ]);
  const [[account] = []] = await expressions.evaluate([{ answer, settings: config }]);
  const error = faults[0]?.error ?? account;
  if (error instanceof ExpressionError) throw new InvalidResponse(`check.account ${error.message}`);
  return account;
}

async function configErrorOf(
  manifest: Manifest,
  context: DeclarativeContext,
  stream: string,
): Promise<ConfigError | null> {
  try {
    for await (const _ of readStream(tableReader(manifest, context, stream, known(manifest, stream)), null))
      break;
    return null;
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}

/** The vendor's list of fields: an array, or an object with the names as keys. */
async function discover(
  manifest: Manifest,
  context: DeclarativeContext,
  { discover: rules, map }: ManifestTable,
): Promise<FieldDefinition[]> {
  if (!rules) return map.properties.map(({ key, type }) => ({ name: key, label: key, type }));
  const { json } = await manifestCalls(manifest, context)(rules.request);
  const found = valueAt(json, rules.fields);
  if (typeof found !== 'object' || found === null)
    throw new InvalidResponse(
      `${rules.request.method} ${rules.request.path} answered no fields at ${rules.fields || 'the top'}`,
    );
  const entries: [string, unknown][] = Array.isArray(found)
    ? found.map((field) => ['', field])
    : Object.entries(found);
  return entries.flatMap(([key, field]) => {
    const name = textAt(field, rules.name) ?? key;
    const label = textAt(field, rules.label) ?? name;
    return name === '' ? [] : [{ name, label, type: textAt(field, rules.type) ?? 'unknown' }];
  });
}

function textAt(value: unknown, path: string): string | undefined {
  const found = valueAt(value, path);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

function known(manifest: Manifest, stream: string): ManifestTable {
  const found = Object.hasOwn(manifest.streams, stream) ? manifest.streams[stream] : undefined;
  if (found) return found;
  throw new ConfigError(
    `${manifest.name} has no stream ${stream}: use ${Object.keys(manifest.streams).join(' or ')}`,
  );
}

function capabilitiesOf({ streams, webhook, limits }: Manifest): ConnectorCapabilities {
  const all = Object.values(streams);
  const deletions = new Set(all.map(({ deletions: { type } }) => type));
  const cursors = all.flatMap(({ cursor }) => (cursor ? [cursor] : []));
  return {
    incremental: incrementalOf(all),
    deletes: deletions.has('list')
      ? 'archived-list'
      : deletions.has('sweep') || deletions.has('archived')
        ? 'sweep'
        : 'webhook-only',
    merges: all.some(({ record }) => record.mergedInto ?? record.mergedIds) ? 'pointer' : mergesOf(webhook),
    webhook: webhook ? WEBHOOK_KINDS[webhook.verify.type] : 'none',
    batchRead: Math.min(...all.map(({ get }) => get.batch)),
    lookbackMs: Math.max(0, ...cursors.map(({ lookback }) => lookback)),
    limits: limits.map(({ requests, perMs, path }) => ({ requests, perMs, ...(path ? { path } : {}) })),
  };
}

function incrementalOf(streams: readonly ManifestTable[]): ConnectorCapabilities['incremental'] {
  if (streams.every(({ cursor }) => !cursor)) return 'none';
  if (streams.some(({ cursor }) => cursor?.granularity === 'day')) return 'day-granular';
  return streams.some(({ incremental }) => incremental?.paginate.type === 'keyset')
    ? 'keyset'
    : 'server-cursor';
}

function mergesOf(webhook: Manifest['webhook']): 'event' | 'none' {
  const rules = Object.values(webhook?.signals.on ?? {}).flat();
  return rules.some(({ kind }) => kind === 'merge') ? 'event' : 'none';
}

const WEBHOOK_KINDS = {
  hmac: 'signed',
  hash: 'signed',
  basic: 'secret',
  path: 'secret',
  none: 'unsigned',
} as const;
