import { z } from 'zod';
import { PLAN_ACTIONS, PreviewRequest } from '#sync';
import { endpoint } from '../http/endpoint.js';
import { queryText } from '../http/query.js';
import { connectionParams } from './connections.endpoints.js';

const tag = 'connections';
const jsonSchema = z.record(z.string(), z.unknown()).meta({ description: 'A JSON Schema.' });

export const listConnectors = endpoint({
  scope: 'read',
  tag,
  method: 'GET',
  path: '/v1/connectors',
  id: 'list_connectors',
  summary: 'List the kinds of CRM there are, and what a connection to each takes',
  answer: z.array(
    z
      .strictObject({
        kind: z.string().meta({ example: 'hubspot' }),
        name: z.string(),
        version: z.string(),
        settings: jsonSchema,
        secrets: jsonSchema,
        scopes: z.array(z.string()).meta({ description: 'What the token has to be allowed to do.' }),
        streams: z.array(
          z.strictObject({
            id: z.string().meta({ example: 'contacts' }),
            label: z.string(),
            default_mapping: z.record(z.string(), z.unknown()),
          }),
        ),
        capabilities: z.strictObject({
          incremental: z.enum(['keyset', 'server-cursor', 'day-granular', 'none']),
          deletes: z.enum(['feed', 'archived-list', 'webhook-only', 'sweep']),
          merges: z.enum(['event', 'pointer', 'none']),
          webhook: z.enum(['signed', 'secret', 'unsigned', 'none']),
          renews_access: z.boolean(),
        }),
      })
      .meta({ id: 'Connector' }),
  ),
});

export const listFields = endpoint({
  scope: 'read',
  tag,
  method: 'GET',
  path: '/v1/connections/{connection_id}/fields',
  id: 'list_connection_fields',
  summary: "List the fields of a stream, from the vendor's own metadata",
  params: connectionParams,
  query: z.object({ stream: queryText(64).meta({ example: 'contacts' }) }),
  answer: z.array(
    z
      .strictObject({
        name: z.string(),
        label: z.string(),
        type: z.string(),
        description: z.string().optional(),
        options: z.array(z.string()).optional(),
        unique: z.boolean().optional(),
        calculated: z.boolean().optional(),
      })
      .meta({ id: 'ConnectionField' }),
  ),
  refusals: [404, 409],
});

export const previewRecords = endpoint({
  // With a mapping of one's own every field of a record can be read: not for keys that may only read identities.
  scope: 'write',
  tag,
  method: 'POST',
  path: '/v1/connections/{connection_id}/preview',
  id: 'preview_connection',
  summary: 'Look at live records through a mapping, beside what is stored; writes nothing',
  params: connectionParams,
  body: PreviewRequest,
  answer: z.array(
    z
      .strictObject({
        external_id: z.string(),
        raw: z.unknown().meta({ description: 'The record as the mapping sees it; null when it is gone.' }),
        mapped: z
          .strictObject({
            identifier_key: z.string(),
            name: z.string(),
            identity_type: z.string(),
            properties: z.array(z.unknown()),
          })
          .nullable(),
        errors: z.array(z.strictObject({ field: z.string(), reason: z.string() })),
        stored: z
          .strictObject({
            id: z.string(),
            found_by: z.enum(['link', 'identifier_key']),
            identifier_key: z.string(),
            name: z.string(),
            identity_type: z.string(),
            properties: z.array(z.unknown()),
          })
          .nullable(),
        action: z.enum(PLAN_ACTIONS).nullable().meta({ description: 'What a run would do.' }),
        code: z.string().nullable(),
        reason: z.string().nullable(),
        diff: z.record(z.string(), z.strictObject({ from: z.unknown(), to: z.unknown() })).nullable(),
      })
      .meta({ id: 'PreviewedRecord' }),
  ),
  refusals: [404, 409],
});
