import { z } from 'zod';
import {
  CONNECTION_STATUSES,
  ConnectionCreate,
  ConnectionPatch,
  ConnectionSecrets,
  connectionPoliciesSchema,
  SECRET_COMPARISONS,
} from '#sync';
import { endpoint } from '../http/endpoint.js';
import { queryText } from '../http/query.js';

const COLLECTION = '/v1/connections';
const ITEM = `${COLLECTION}/{connection_id}`;

/** Whoever sets up a connection hands over the keys to a CRM: that is for admins. Looking at one is not. */
const tag = 'connections';
export const connectionParams = z.object({ connection_id: z.uuid() });

export const ConnectionShape = z
  .strictObject({
    id: z.uuid(),
    kind: z.string().meta({ example: 'hubspot' }),
    name: z.string(),
    project_id: z.string().nullable(),
    settings: z.record(z.string(), z.unknown()),
    mapping: z.record(z.string(), z.unknown()).meta({
      description: 'For each stream, how a record becomes an identity: JSONata expressions.',
    }),
    mapping_version: z.int(),
    every_seconds: z.int().nullable(),
    cron: z.string().nullable(),
    time_zone: z.string(),
    next_run_at: z.iso.datetime().nullable().meta({ description: 'Of a cron schedule.' }),
    policies: connectionPoliciesSchema,
    status: z.enum(CONNECTION_STATUSES),
    status_reason: z.string().nullable(),
    paused_until: z.iso.datetime().nullable().meta({ description: 'A daily quota is used up until then.' }),
    account_id: z.string().nullable().meta({ description: "The vendor's id of the account." }),
    secret_fingerprints: z.record(z.string(), z.string()).meta({
      description:
        'The names of the secrets it was given, each with a text that changes when the secret does.',
    }),
    webhook_url: z.string().meta({
      description: 'Where the vendor posts to; only its path when ROLLCALL_PUBLIC_URL is not set.',
    }),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .meta({ id: 'Connection', description: 'A CRM account that identities are mirrored from.' });

export const createConnection = endpoint({
  scope: 'admin',
  tag,
  method: 'POST',
  path: COLLECTION,
  id: 'create_connection',
  summary: 'Connect a CRM account',
  description:
    'The vendor is asked first, unless `check` is false. With a schedule, the first run starts within seconds.',
  body: ConnectionCreate,
  answer: ConnectionShape,
  refusals: [409],
});

export const listConnections = endpoint({
  scope: 'read',
  tag,
  method: 'GET',
  path: COLLECTION,
  id: 'list_connections',
  summary: 'List connections',
  query: z.object({ name: queryText(128).optional() }),
  answer: z.array(ConnectionShape),
});

export const retrieveConnection = endpoint({
  scope: 'read',
  tag,
  method: 'GET',
  path: ITEM,
  id: 'retrieve_connection',
  summary: 'Retrieve a connection; its secrets are never shown',
  params: connectionParams,
  answer: ConnectionShape,
  refusals: [404],
});

export const deleteConnection = endpoint({
  scope: 'admin',
  tag,
  method: 'DELETE',
  path: ITEM,
  id: 'delete_connection',
  summary: 'Remove a connection with its links, runs and secrets',
  description: 'Its identities stay, with their history.',
  params: connectionParams,
  answer: z.null(),
  refusals: [404],
});

export const patchConnection = endpoint({
  scope: 'admin',
  tag,
  method: 'PATCH',
  path: ITEM,
  id: 'patch_connection',
  summary: 'Change name, settings, mapping, schedule or policies',
  description:
    'What is not named stays. A stream with a new mapping is read anew from its beginning by its next run.',
  params: connectionParams,
  body: ConnectionPatch,
  answer: ConnectionShape,
  refusals: [404, 409],
});

export const listMappings = endpoint({
  scope: 'read',
  tag,
  method: 'GET',
  path: `${ITEM}/mappings`,
  id: 'list_connection_mappings',
  summary: 'List every mapping the connection has had, newest first',
  params: connectionParams,
  answer: z.array(
    z
      .strictObject({
        version: z.int(),
        mapping: z.record(z.string(), z.unknown()),
        actor: z.string().meta({ example: 'key:0199…' }),
        created_at: z.iso.datetime(),
      })
      .meta({ id: 'MappingVersion' }),
  ),
  refusals: [404],
});

const action = <const Verb extends string>(
  verb: Verb,
  summary: string,
  refusals: readonly number[] = [404],
) =>
  endpoint({
    scope: 'admin',
    tag,
    method: 'POST',
    path: `${ITEM}/${verb}`,
    id: `${verb}_connection`,
    summary,
    params: connectionParams,
    answer: ConnectionShape,
    refusals,
  });

export const testConnection = action('test', 'Ask the vendor whether the connection works');
export const pauseConnection = action('pause', 'Fetch nothing until it is resumed; webhooks are kept');
export const resumeConnection = action('resume', 'Go on, also before a quota is said to be free again');

export const rotateSecrets = endpoint({
  scope: 'admin',
  tag,
  method: 'POST',
  path: `${ITEM}/secrets`,
  id: 'rotate_connection_secrets',
  summary: 'Replace secrets of a connection by name and let it go on',
  params: connectionParams,
  body: ConnectionSecrets,
  answer: ConnectionShape,
  refusals: [404],
});

export const compareSecrets = endpoint({
  scope: 'admin',
  tag,
  method: 'POST',
  path: `${ITEM}/secrets/compare`,
  id: 'compare_connection_secrets',
  summary: 'Say which of these secrets the connection was given already; changes nothing',
  params: connectionParams,
  body: z
    .strictObject({ secrets: z.record(z.string(), z.unknown()) })
    .meta({ id: 'ConnectionSecretsToCompare' }),
  answer: z
    .strictObject({ secrets: z.record(z.string(), z.enum(SECRET_COMPARISONS)) })
    .meta({ id: 'SecretComparison' }),
  refusals: [404],
});
