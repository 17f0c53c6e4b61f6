import { z } from 'zod';
import { type ErrorCode, errorTable } from '../errors/error-table.js';
import type { Endpoint } from '../http/endpoint.js';
import { operationOf } from './openapi.operation.js';
import { type JsonSchema, SchemaComponents } from './schema-components.js';

export interface OpenApiDocument {
  readonly openapi: '3.1.0';
  readonly info: Record<string, unknown>;
  readonly paths: Record<string, Record<string, unknown>>;
  readonly components: { readonly schemas: Record<string, JsonSchema> } & Record<string, unknown>;
  readonly [key: string]: unknown;
}

const TraceId = z
  .string()
  .regex(/^[0-9a-f]{32}$/)
  .meta({
    description: 'The id of this request: a W3C trace id, that of its `traceparent` where it had one.',
  });

const codes = Object.keys(errorTable) as ErrorCode[];

const Refused = z
  .looseObject({
    detail: z.string().meta({ description: 'What is wrong, and what to do.' }),
    code: z.enum(codes).meta({ description: 'What is wrong, for programs.' }),
    trace_id: TraceId,
  })
  .meta({ id: 'Refused' });

const Invalid = z
  .looseObject({
    detail: z.string().meta({ description: 'Where, and what was expected.' }),
    code: z.enum(codes.filter((code) => errorTable[code].status === 422)),
    trace_id: TraceId,
    examples: z
      .array(z.string())
      .optional()
      .meta({ description: 'Of a malformed id in the path: a right one.' }),
  })
  .meta({ id: 'Invalid' });

/** OpenAPI 3.1 of these endpoints, from the very shapes that parse their requests. */
export function openApiDocument(endpoints: readonly Endpoint[], version: string): OpenApiDocument {
  const components = new SchemaComponents();
  components.schema(Refused, 'output');
  components.schema(Invalid, 'output');
  const paths: Record<string, Record<string, unknown>> = {};
  for (const endpoint of endpoints) {
    const path = endpoint.path.replace('...}', '}');
    const operation = operationOf(endpoint, components);
    paths[path] = { ...paths[path], [endpoint.method.toLowerCase()]: operation };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Rollcall',
      version,
      summary: SUMMARY,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [...new Set(endpoints.map(({ tag }) => tag))].map((name) => ({ name })),
    security: [{ apiKey: [] }],
    paths,
    components: {
      schemas: components.schemas,
      securitySchemes: { apiKey: { type: 'http', scheme: 'bearer', description: 'An API key: `rc_…`.' } },
    },
  };
}

const SUMMARY =
  'Identities for AI agents, as events: the Letta /v1/identities API, history, imports and CRM sync';
