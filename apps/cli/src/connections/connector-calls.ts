import { z } from 'zod';
import type { ApiClient } from '../api-client.js';

/** The part of a JSON Schema that says how to take what a person types. */
const Property = z.looseObject({ type: z.unknown().optional(), description: z.string().optional() });

const Branch = z.looseObject({
  properties: z.record(z.string(), Property).default({}),
  required: z.array(z.string()).default([]),
});

const InputSchema = Branch.extend({ anyOf: z.array(Branch).optional(), oneOf: z.array(Branch).optional() });

export const ConnectorAnswer = z.object({
  kind: z.string(),
  name: z.string(),
  settings: InputSchema,
  secrets: InputSchema,
  streams: z.array(z.object({ id: z.string() })),
});
export type ConnectorAnswer = z.output<typeof ConnectorAnswer>;
export type InputSchema = z.output<typeof InputSchema>;

export class UnknownKindError extends Error {
  override readonly name = 'UnknownKindError';
  readonly code = 'UNKNOWN_KIND';
  constructor(kind: string, known: readonly string[]) {
    super(`There is no connector ${kind}; known are ${known.join(', ')}`);
  }
}

export const listConnectors = (api: ApiClient): Promise<ConnectorAnswer[]> =>
  api.call('GET', '/v1/connectors', z.array(ConnectorAnswer));

export async function findConnector(api: ApiClient, kind: string): Promise<ConnectorAnswer> {
  const connectors = await listConnectors(api);
  const found = connectors.find((connector) => connector.kind === kind);
  if (!found)
    throw new UnknownKindError(
      kind,
      connectors.map((connector) => connector.kind),
    );
  return found;
}

/** Of a schema with alternatives, what any of them takes. */
export const propertiesOf = ({ properties, anyOf = [], oneOf = [] }: InputSchema) => ({
  ...properties,
  ...Object.fromEntries([...anyOf, ...oneOf].flatMap((branch) => Object.entries(branch.properties))),
});
