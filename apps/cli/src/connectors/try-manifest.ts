import {
  type Connector,
  type ConnectorContext,
  compileMapping,
  connectorOf,
  type Manifest,
  type MappedIdentity,
  type MappingResult,
  type Page,
} from '#connectors';
import { readConfig } from '#platform';
import { table } from '../table.js';
import { parseValues } from './given-values.js';

interface TryOptions {
  readonly setting: readonly string[];
  readonly secret: readonly string[];
  readonly stream?: string;
  readonly json?: boolean;
}

interface Tried {
  readonly account: string;
  readonly stream: string;
  /** How many more there are is not known before they are read. */
  readonly complete: boolean;
  readonly identities: readonly { readonly external_id: string; readonly identity: MappedIdentity }[];
  readonly rejected: readonly { readonly external_id: string | null; readonly reasons: readonly string[] }[];
}

/** Reads the account and one page, maps it, and says what came out, as a table or JSON. */
export async function tryManifest(manifest: Manifest, options: TryOptions): Promise<string> {
  const connector = connectorOf(manifest) as Connector;
  const { ROLLCALL_ALLOW_PRIVATE_NETWORK: allowPrivateNetwork } = readConfig();
  const context: ConnectorContext<unknown, unknown> = {
    config: await parseValues(
      '--setting',
      options.setting,
      manifest.settings,
      connector.descriptor.configSchema,
    ),
    secrets: await parseValues(
      '--secret',
      options.secret,
      manifest.secrets,
      connector.descriptor.secretsSchema,
    ),
    network: { allowPrivateNetwork },
    now: () => new Date(),
  };
  const { account, ok, detail } = await connector.check(context);
  if (!ok) process.stderr.write(`${detail ?? 'The check failed'}\n`);
  const tried = await tryStream(connector, context, account, options.stream);
  return options.json ? `${JSON.stringify(tried, null, 2)}\n` : display(tried);
}

async function tryStream(
  connector: Connector,
  context: ConnectorContext<unknown, unknown>,
  account: string,
  asked: string | undefined,
): Promise<Tried> {
  const { tables } = connector.descriptor;
  const stream = tables.find(({ id }) => asked === undefined || id === asked);
  if (!stream)
    throw new UnknownTableError(
      asked ?? '',
      tables.map(({ id }) => id),
    );
  const mapping = await compileMapping(stream.defaultMapping);
  const page = await firstPage(connector, context, stream.id);
  const identities: Tried['identities'][number][] = [];
  const rejected = page.rejected.map(({ id, reason }) => ({ external_id: id, reasons: [reason] }));
  const results = await mapping.map(page.records.map(({ raw }) => raw));
  for (const [place, { id }] of page.records.entries()) {
    const result = results[place] as MappingResult;
    if (result.ok) identities.push({ external_id: id, identity: result.identity });
    else
      rejected.push({
        external_id: id,
        reasons: result.errors.map(({ field, reason }) => `${field} ${reason}`),
      });
  }
  return { account, stream: stream.id, complete: page.done, identities, rejected };
}

async function firstPage(
  connector: Connector,
  context: ConnectorContext<unknown, unknown>,
  stream: string,
): Promise<Page<unknown>> {
  for await (const page of connector.read(context, stream, null)) return page;
  throw new Error(`${stream} gave no page`);
}

function display({ account, stream, complete, identities, rejected }: Tried): string {
  const head = `${stream} of ${account}: ${identities.length} identities, ${rejected.length} rejected${complete ? '' : '; there is more'}\n\n`;
  const mapped = table(
    ['id', 'identifier_key', 'type', 'name', 'properties'],
    identities.map(({ external_id, identity }) => [
      external_id,
      identity.identifierKey,
      identity.identityType,
      identity.name,
      identity.properties.map(({ key, value }) => `${key}=${JSON.stringify(value)}`).join(' '),
    ]),
  );
  if (rejected.length === 0) return head + mapped;
  const rejections = table(
    ['rejected', 'why'],
    rejected.map(({ external_id, reasons }) => [external_id ?? '(no id)', reasons.join('; ')]),
  );
  return `${head}${mapped}\n${rejections}`;
}

class UnknownTableError extends Error {
  override readonly name = 'UnknownTableError';
  readonly code = 'UNKNOWN_STREAM';
  constructor(asked: string, known: readonly string[]) {
    super(`--stream: there is no ${asked}; the manifest has ${known.join(', ')}`);
  }
}
