import { ConfigError } from '../port/connector.errors.js';
import type { AccountCheck, Connector, FieldDefinition } from '../port/connector.js';
import { type OdooClient, type OdooContext, odooClient } from './odoo.client.js';
import { type OdooCursor, odooCursorSchema } from './odoo.cursor.js';
import { partnerMapping } from './odoo.mapping.js';
import { BATCH_READ, fetchByIds, MODEL, readIds, readStream } from './odoo.reader.js';
import { fieldsSchema, idsSchema, parameterSchema } from './odoo.schema.js';
import {
  ODOO_TABLES,
  type OdooConfig,
  type OdooSecrets,
  type OdooTable,
  odooConfigSchema,
  odooSecretsSchema,
} from './odoo.settings.js';
import { odooWebhook } from './odoo.webhook.js';

export const odooConnector: Connector<OdooConfig, OdooSecrets, OdooCursor> = {
  descriptor: {
    id: 'odoo',
    name: 'Odoo',
    version: '1',
    configSchema: odooConfigSchema,
    secretsSchema: odooSecretsSchema,
    cursorSchema: odooCursorSchema,
    scopes: [],
    tables: [{ id: 'partners', label: 'Contacts', defaultMapping: partnerMapping }],
    capabilities: {
      incremental: 'keyset',
      deletes: 'sweep',
      merges: 'none',
      webhook: 'unsigned',
      batchRead: BATCH_READ,
      lookbackMs: 600_000,
      // Odoo has no limits, but its workers serve people as well.
      limits: [{ requests: 10, perMs: 1_000 }],
    },
  },
  check,
  discover: async (context, stream) => discover(context, known(stream)),
  read: (context, stream, from) => readStream(context, known(stream), from),
  fetchByIds: async (context, stream, ids) => fetchByIds(context, known(stream), ids),
  listIds: (context, stream, from) => {
    known(stream);
    return readIds(context, from);
  },
  webhook: odooWebhook,
};

/** Names the database, and reads one partner: a missing right shows here and not in the middle of a run. */
async function check(context: OdooContext): Promise<AccountCheck> {
  const client = odooClient(context);
  const account = await accountOf(client, context);
  const args = { domain: [], fields: ['id'], limit: 1 };
  const partner = await answerOrConfigError(
    client({ model: MODEL, method: 'search_read', args, schema: idsSchema }),
  );
  return 'data' in partner
    ? { ok: true, account }
    : { ok: false, account, detail: `partners cannot be read: ${partner.message}` };
}

/** Only administrators may read the database's own id; for others the host and the company have to do. */
async function accountOf(client: OdooClient, { config }: OdooContext): Promise<string> {
  const uuid = await answerOrConfigError(
    client({
      model: 'ir.config_parameter',
      method: 'get_param',
      args: { key: 'database.uuid' },
      schema: parameterSchema,
    }),
  );
  if ('data' in uuid && uuid.data) return uuid.data;
  const args = { domain: [], fields: ['id'], order: 'id asc', limit: 1 };
  const { data } = await client({ model: 'res.company', method: 'search_read', args, schema: idsSchema });
  return `${config.database ?? new URL(config.baseUrl).host}/company-${data[0]?.id ?? 'none'}`;
}

async function answerOrConfigError<Answer extends object>(
  call: Promise<Answer>,
): Promise<Answer | ConfigError> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}

async function discover(context: OdooContext, _stream: OdooTable): Promise<FieldDefinition[]> {
  const args = { attributes: ['string', 'type', 'help', 'selection', 'store'] };
  const { data } = await odooClient(context)({
    model: MODEL,
    method: 'fields_get',
    args,
    schema: fieldsSchema,
  });
  return Object.entries(data).map(([name, { string: label, type, help, selection, store }]) => ({
    name,
    label: label || name,
    type,
    ...(help ? { description: help } : {}),
    ...(selection?.length ? { options: selection.map(([value]) => String(value)) } : {}),
    ...(store === false ? { calculated: true } : {}),
  }));
}

function known(stream: string): OdooTable {
  const found = ODOO_TABLES.find((name) => name === stream);
  if (!found) throw new ConfigError(`Odoo has no stream ${stream}: use ${ODOO_TABLES.join(' or ')}`);
  return found;
}
