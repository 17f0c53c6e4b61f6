import { checkTables } from '../ground/check-tables.js';
import { callFor } from '../ground/http/call-for.js';
import { ConfigError } from '../port/connector.errors.js';
import type { AccountCheck, Connector, RefreshedSecrets } from '../port/connector.js';
import { type PipedriveContext, pipedriveClient, tokenClient } from './pipedrive.client.js';
import { type PipedriveCursor, pipedriveCursorSchema } from './pipedrive.cursor.js';
import { discoverFields } from './pipedrive.fields.js';
import { organizationMapping, personMapping } from './pipedrive.mapping.js';
import { BATCH_READ, fetchByIds, pathOf, readIds, readStream } from './pipedrive.reader.js';
import { listSchema, tokenSchema, userSchema } from './pipedrive.schema.js';
import {
  PIPEDRIVE_SCOPES,
  PIPEDRIVE_TABLES,
  type PipedriveConfig,
  type PipedriveSecrets,
  type PipedriveTable,
  pipedriveConfigSchema,
  pipedriveSecretsSchema,
} from './pipedrive.settings.js';
import { pipedriveWebhook } from './pipedrive.webhook.js';

export const pipedriveConnector: Connector<PipedriveConfig, PipedriveSecrets, PipedriveCursor> = {
  descriptor: {
    id: 'pipedrive',
    name: 'Pipedrive',
    version: '1',
    configSchema: pipedriveConfigSchema,
    secretsSchema: pipedriveSecretsSchema,
    cursorSchema: pipedriveCursorSchema,
    scopes: PIPEDRIVE_SCOPES,
    tables: [
      { id: 'persons', label: 'Persons', defaultMapping: personMapping },
      { id: 'organizations', label: 'Organizations', defaultMapping: organizationMapping },
    ],
    capabilities: {
      incremental: 'server-cursor',
      deletes: 'sweep',
      merges: 'event',
      webhook: 'secret',
      batchRead: BATCH_READ,
      lookbackMs: 300_000,
      // The smallest plan's burst; larger plans allow up to six times as much.
      limits: [{ requests: 20, perMs: 2_000 }],
    },
  },
  check,
  discover: async (context, stream) => discoverFields(context, known(stream)),
  read: (context, stream, from) => readStream(context, known(stream), from),
  fetchByIds: async (context, stream, ids) => fetchByIds(context, known(stream), ids),
  listIds: (context, stream, from) => readIds(context, known(stream), from),
  webhook: pipedriveWebhook,
  refreshAuth,
};

/** Asks who we are, and for one record of each stream: a missing scope shows here and not in the middle of a run. */
async function check(context: PipedriveContext): Promise<AccountCheck> {
  const client = pipedriveClient(context);
  const { data } = await callFor(client, { method: 'GET', path: '/api/v1/users/me' }, userSchema);
  const account = String(data.data.company_id);
  return checkTables(account, PIPEDRIVE_TABLES, (stream) => {
    const call = { method: 'GET', path: pathOf(stream), query: { limit: '1' } } as const;
    return callFor(client, call, listSchema);
  });
}

/** The answer names the company's host and may bring another refresh token: both are kept. */
async function refreshAuth(context: PipedriveContext): Promise<RefreshedSecrets<PipedriveSecrets>> {
  const { clientId, clientSecret, refreshToken, apiDomain } = context.secrets;
  if (!clientId || !clientSecret || !refreshToken)
    throw new ConfigError('This connection has a fixed access token: enter a new one');
  const form = { grant_type: 'refresh_token', refresh_token: refreshToken };
  const call = { method: 'POST', path: '/oauth/token', form } as const;
  const { data } = await callFor(tokenClient(context, clientId, clientSecret), call, tokenSchema);
  return {
    secrets: {
      ...context.secrets,
      accessToken: data.access_token,
      refreshToken: data.refresh_token ?? refreshToken,
      apiDomain: data.api_domain ?? apiDomain,
    },
    expiresAt: new Date(context.now().getTime() + data.expires_in * 1000),
  };
}

function known(stream: string): PipedriveTable {
  const found = PIPEDRIVE_TABLES.find((name) => name === stream);
  if (!found)
    throw new ConfigError(`Pipedrive has no stream ${stream}: use ${PIPEDRIVE_TABLES.join(' or ')}`);
  return found;
}
