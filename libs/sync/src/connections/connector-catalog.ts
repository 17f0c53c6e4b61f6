import { z } from 'zod';
import { type Connector, knownConnectors, mappingSchema, type ParsedMapping } from '#connectors';

/** What there is to know about a kind of connection before there is one. */
export interface ConnectorDescription {
  readonly kind: string;
  readonly name: string;
  readonly version: string;
  /** JSON Schemas of what a caller may give. */
  readonly settings: Record<string, unknown>;
  readonly secrets: Record<string, unknown>;
  readonly scopes: readonly string[];
  readonly streams: readonly {
    readonly id: string;
    readonly label: string;
    readonly defaultMapping: ParsedMapping;
  }[];
  readonly capabilities: Connector['descriptor']['capabilities'];
  /** A connection can renew its access by itself. */
  readonly renewsAccess: boolean;
}

export const describeConnectors = (): ConnectorDescription[] => knownConnectors().map(describeConnector);

export function describeConnector({ descriptor, refreshAuth }: Connector): ConnectorDescription {
  return {
    kind: descriptor.id,
    name: descriptor.name,
    version: descriptor.version,
    settings: jsonSchemaOf(descriptor.configSchema),
    secrets: jsonSchemaOf(descriptor.secretsSchema),
    scopes: descriptor.scopes,
    streams: descriptor.tables.map(({ id, label, defaultMapping }) => ({
      id,
      label,
      defaultMapping: mappingSchema.parse(defaultMapping),
    })),
    capabilities: descriptor.capabilities,
    renewsAccess: refreshAuth !== undefined,
  };
}

/** Of the input: what has a default may be left out. What JSON Schema cannot say is said when it is parsed. */
const jsonSchemaOf = (schema: z.ZodType): Record<string, unknown> =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Record<string, unknown>;
