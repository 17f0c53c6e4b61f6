import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import type { Endpoint, MeaningfulHeader } from '../http/endpoint.js';
import type { JsonSchema, SchemaComponents } from './schema-components.js';

/** One endpoint as an OpenAPI operation. */
export function operationOf(endpoint: Endpoint, components: SchemaComponents): Record<string, unknown> {
  const { id, tag, summary, description, deprecated, scope } = endpoint;
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description && { description }),
    ...(deprecated && { deprecated }),
    ...(scope === 'public' ? { security: [] } : { 'x-scope': scope }),
    parameters: [
      ...parametersIn('path', endpoint.params, components),
      ...parametersIn('query', endpoint.query, components),
      ...(endpoint.headers ?? []).map(headerParameter),
    ],
    ...(endpoint.body && { requestBody: requestBody(endpoint, components) }),
    responses: { [endpoint.status ?? 200]: success(endpoint, components), ...refusals(endpoint) },
  };
}

function parametersIn(place: 'path' | 'query', shape: z.ZodType | undefined, components: SchemaComponents) {
  if (!(shape instanceof z.ZodObject)) return [];
  return Object.entries(shape.shape as Record<string, z.ZodType>).map(([name, part]) => {
    const { description, parameterSchema, parameterStyle } = part.meta() ?? {};
    const {
      description: _,
      parameterSchema: __,
      parameterStyle: ___,
      ...schema
    } = components.schema(part, 'input');
    return {
      name,
      in: place,
      required: place === 'path',
      ...(description && { description }),
      ...(parameterStyle ? { style: parameterStyle, explode: true } : {}),
      schema: parameterSchema ?? schema,
    };
  });
}

const HEADERS: Record<MeaningfulHeader, string> = {
  'Idempotency-Key':
    'Makes a repeated request harmless for 24 hours: it is done once and answered the same. The same key with another request: 422.',
  'If-Match':
    'ETags, or `*`: 412, and nothing is changed, when the identity is at another version, or not there yet.',
  'If-None-Match':
    'ETags, or `*`: when the identity is at that version, a read answers 304 without a body, and a change 412.',
  'X-Project-Id': 'The project, where the body or query names none. `X-Project` means the same.',
};

const headerParameter = (name: MeaningfulHeader) => ({
  name,
  in: 'header',
  required: false,
  description: HEADERS[name],
  schema: { type: 'string' },
});

function requestBody({ body, bodyTypes }: Endpoint, components: SchemaComponents) {
  const isParsed = typeof body === 'object';
  const types = isParsed ? ['application/json'] : (bodyTypes ?? ['application/octet-stream']);
  const media = isParsed ? { schema: components.schema(body, 'input') } : {};
  return { required: true, content: Object.fromEntries(types.map((type) => [type, media])) };
}

function success({ answer, headers }: Endpoint, components: SchemaComponents) {
  if ('mediaType' in answer) return { description: 'OK', content: { [answer.mediaType]: {} } };
  const content = { 'application/json': { schema: components.schema(answer, 'output') } };
  const { $ref } = content['application/json'].schema as JsonSchema;
  const tagged = $ref === '#/components/schemas/Identity' || headers?.includes('If-None-Match');
  return { description: 'OK', ...(tagged && { headers: { ETag: etag } }), content };
}

const etag = { description: "The identity's version, for If-Match.", schema: { type: 'string' } };

function refusals({ scope, refusals = [], params, query, body, headers }: Endpoint) {
  const takesInput = params || query || headers || typeof body === 'object';
  const all = [...refusals, ...(takesInput ? [422] : []), ...(scope === 'public' ? [] : [401, 403, 429])];
  const listed = [...new Set(all)].sort().map((status) => [status, refusal(status)]);
  return { ...Object.fromEntries(listed), default: refused('Any other refusal', 'Refused') };
}

function refusal(status: number) {
  const description = STATUS_CODES[status] ?? String(status);
  if (status < 400) return { description };
  return refused(description, status === 422 ? 'Invalid' : 'Refused');
}

const refused = (description: string, component: 'Invalid' | 'Refused') => ({
  description,
  content: { 'application/json': { schema: { $ref: `#/components/schemas/${component}` } } },
});
