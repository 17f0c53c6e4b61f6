import { checkTables } from '../ground/check-tables.js';
import { callFor } from '../ground/http/call-for.js';
import { ConfigError } from '../port/connector.errors.js';
import type { AccountCheck, Connector, FieldDefinition, RefreshedSecrets } from '../port/connector.js';
import {
  anonymousClient,
  type HubSpotContext,
  hubSpotClient,
  objectsPath,
  propertiesPath,
} from './hubspot.client.js';
import { type HubSpotCursor, hubSpotCursorSchema } from './hubspot.cursor.js';
import { BATCH_READ, fetchByIds } from './hubspot.fetch.js';
import { companyMapping, contactMapping } from './hubspot.mapping.js';
import { readArchived, readIds, readStream } from './hubspot.reader.js';
import { accountSchema, listSchema, propertiesSchema, tokenSchema } from './hubspot.schema.js';
import {
  HUBSPOT_SCOPES,
  HUBSPOT_TABLES,
  type HubSpotConfig,
  type HubSpotSecrets,
  type HubSpotTable,
  hubSpotConfigSchema,
  hubSpotSecretsSchema,
} from './hubspot.settings.js';
import { hubSpotWebhook } from './hubspot.webhook.js';

export const hubSpotConnector: Connector<HubSpotConfig, HubSpotSecrets, HubSpotCursor> = {
  descriptor: {
    id: 'hubspot',
    name: 'HubSpot',
    version: '1',
    configSchema: hubSpotConfigSchema,
    secretsSchema: hubSpotSecretsSchema,
    cursorSchema: hubSpotCursorSchema,
    scopes: HUBSPOT_SCOPES,
    tables: [
      { id: 'contacts', label: 'Contacts', defaultMapping: contactMapping },
      { id: 'companies', label: 'Companies', defaultMapping: companyMapping },
    ],
    capabilities: {
      incremental: 'keyset',
      deletes: 'archived-list',
      merges: 'pointer',
      webhook: 'signed',
      batchRead: BATCH_READ,
      lookbackMs: 300_000,
      limits: [
        { requests: 5, perMs: 1_000, path: '/search' },
        { requests: 100, perMs: 10_000 },
      ],
    },
  },
  check,
  discover: (context, stream) => discover(context, known(stream)),
  read: (context, stream, from) => readStream(context, known(stream), from),
  fetchByIds: (context, stream, ids) => fetchByIds(context, known(stream), ids),
  listIds: (context, stream, from) => readIds(context, known(stream), from),
  deletions: (context, stream, from) => readArchived(context, known(stream), from),
  webhook: hubSpotWebhook,
  refreshAuth,
};

/** Reads the account, and one record of each stream: a missing scope shows here and not in the middle of a run. */
async function check(context: HubSpotContext): Promise<AccountCheck> {
  const client = hubSpotClient(context);
  const path = `/account-info/${context.config.accountApiVersion}/details`;
  const { data } = await callFor(client, { method: 'GET', path }, accountSchema);
  const account = String(data.portalId);
  return checkTables(account, HUBSPOT_TABLES, (stream) => {
    const call = { method: 'GET', path: objectsPath(context.config, stream), query: { limit: '1' } } as const;
    return callFor(client, call, listSchema);
  });
}

async function discover(context: HubSpotContext, stream: HubSpotTable): Promise<FieldDefinition[]> {
  const call = { method: 'GET', path: propertiesPath(context.config, stream) } as const;
  const { data } = await callFor(hubSpotClient(context), call, propertiesSchema);
  return data.results
    .filter(({ hidden }) => !hidden)
    .map(({ name, label, type, description, options, calculated, hasUniqueValue }) => ({
      name,
      label,
      type,
      ...(description ? { description } : {}),
      ...(options?.length ? { options: options.map(({ value }) => value) } : {}),
      ...(calculated ? { calculated } : {}),
      ...(hasUniqueValue ? { unique: true } : {}),
    }));
}

async function refreshAuth(context: HubSpotContext): Promise<RefreshedSecrets<HubSpotSecrets>> {
  const { clientId, clientSecret, refreshToken } = context.secrets;
  if (!clientId || !clientSecret || !refreshToken)
    throw new ConfigError('This connection has a fixed access token: enter a new one');
  const { data } = await callFor(
    anonymousClient(context),
    {
      method: 'POST',
      path: `/oauth/${context.config.oauthApiVersion}/token`,
      form: {
        grant_type: 'refresh_token',
        client_id: clientId,
        client_secret: clientSecret,
        refresh_token: refreshToken,
      },
    },
    tokenSchema,
  );
  return {
    secrets: {
      ...context.secrets,
      accessToken: data.access_token,
      refreshToken: data.refresh_token ?? refreshToken,
    },
    expiresAt: new Date(context.now().getTime() + data.expires_in * 1000),
  };
}

function known(stream: string): HubSpotTable {
  const found = HUBSPOT_TABLES.find((name) => name === stream);
  if (!found) throw new ConfigError(`HubSpot has no stream ${stream}: use ${HUBSPOT_TABLES.join(' or ')}`);
  return found;
}
