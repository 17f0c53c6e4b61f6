import { checkTables } from '../ground/check-tables.js';
import { callFor } from '../ground/http/call-for.js';
import { ConfigError } from '../port/connector.errors.js';
import type { AccountCheck, Connector, FieldDefinition } from '../port/connector.js';
import { refreshAuth } from './salesforce.auth.js';
import { dataClient, dataPath, type SalesforceContext } from './salesforce.client.js';
import { type SalesforceCursor, salesforceCursorSchema } from './salesforce.cursor.js';
import { BATCH_READ, fetchByIds } from './salesforce.fetch.js';
import { accountMapping, contactMapping, leadMapping } from './salesforce.mapping.js';
import { OBJECTS, selectOf, soql } from './salesforce.query.js';
import { readDeleted, readIds, readStream } from './salesforce.reader.js';
import { describeSchema, organizationSchema } from './salesforce.schema.js';
import {
  SALESFORCE_SCOPES,
  SALESFORCE_TABLES,
  type SalesforceConfig,
  type SalesforceSecrets,
  type SalesforceTable,
  salesforceConfigSchema,
  salesforceSecretsSchema,
} from './salesforce.settings.js';
import { salesforceWebhook } from './salesforce.webhook.js';

export const salesforceConnector: Connector<SalesforceConfig, SalesforceSecrets, SalesforceCursor> = {
  descriptor: {
    id: 'salesforce',
    name: 'Salesforce',
    version: '1',
    configSchema: salesforceConfigSchema,
    secretsSchema: salesforceSecretsSchema,
    cursorSchema: salesforceCursorSchema,
    scopes: SALESFORCE_SCOPES,
    tables: [
      { id: 'contacts', label: 'Contacts', defaultMapping: contactMapping },
      { id: 'accounts', label: 'Accounts', defaultMapping: accountMapping },
      { id: 'leads', label: 'Leads', defaultMapping: leadMapping },
    ],
    capabilities: {
      incremental: 'keyset',
      deletes: 'feed',
      merges: 'pointer',
      webhook: 'secret',
      batchRead: BATCH_READ,
      lookbackMs: 600_000,
      // Salesforce counts by the day and by edition, and says so itself; this only keeps a run from crowding others out.
      limits: [{ requests: 200, perMs: 10_000 }],
    },
  },
  check,
  discover: (context, stream) => discover(context, known(stream)),
  read: (context, stream, from) => readStream(context, known(stream), from),
  fetchByIds: (context, stream, ids) => fetchByIds(context, known(stream), ids),
  listIds: (context, stream, from) => readIds(context, known(stream), from),
  deletions: (context, stream, from) => readDeleted(context, known(stream), from),
  webhook: salesforceWebhook,
  refreshAuth,
};

/** Reads the organisation, and one record of each stream: a hidden field shows here and not in the middle of a run. */
async function check(context: SalesforceContext): Promise<AccountCheck> {
  const path = dataPath(context, '/query');
  const call = { method: 'GET', path, query: { q: 'SELECT Id FROM Organization' } } as const;
  const { data } = await callFor(dataClient(context), call, organizationSchema);
  const account = data.records[0].Id;
  return checkTables(account, SALESFORCE_TABLES, (stream) =>
    soql(context, 'queryAll', `${selectOf(context, stream)} LIMIT 1`),
  );
}

async function discover(context: SalesforceContext, stream: SalesforceTable): Promise<FieldDefinition[]> {
  const path = dataPath(context, `/sobjects/${OBJECTS[stream]}/describe`);
  const { data } = await callFor(dataClient(context), { method: 'GET', path }, describeSchema);
  return data.fields.map(({ name, label, type, inlineHelpText, picklistValues, calculated, unique }) => ({
    name,
    label,
    type,
    ...(inlineHelpText ? { description: inlineHelpText } : {}),
    ...(picklistValues?.length
      ? { options: picklistValues.filter(({ active }) => active).map(({ value }) => value) }
      : {}),
    ...(calculated ? { calculated } : {}),
    ...(unique ? { unique: true } : {}),
  }));
}

function known(stream: string): SalesforceTable {
  const found = SALESFORCE_TABLES.find((name) => name === stream);
  if (!found)
    throw new ConfigError(`Salesforce has no stream ${stream}: use ${SALESFORCE_TABLES.join(', ')}`);
  return found;
}
