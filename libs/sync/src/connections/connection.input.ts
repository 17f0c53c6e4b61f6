import { z } from 'zod';
import {
  type Connector,
  compileMapping,
  connectorById,
  InvalidMappingError,
  knownConnectors,
  mappingSchema,
  type ParsedMapping,
} from '#connectors';
import { ProjectId } from '#identity';
import { InvalidConnectionError } from './connection.errors.js';
import { type ConnectionPolicies, connectionPoliciesSchema } from './connection-policies.js';

export const DEFAULT_EVERY_SECONDS = 900;

const everySeconds = z
  .int()
  .min(30)
  .max(7 * 86_400)
  .nullable()
  .meta({ description: 'Seconds between incremental runs; null: only when asked.' });

const cron = z.string().max(128).nullable().meta({
  description: 'Instead of an interval: minute, hour, day of month, month, day of week.',
  example: '0 3 * * *',
});

const timeZone = z
  .string()
  .max(64)
  .meta({ description: 'Of the cron expression, an IANA name; default: UTC.', example: 'Europe/Berlin' });

const name = z.string().trim().min(1).max(128).meta({ example: 'Our HubSpot' });

const check = z.boolean().default(true);

const secrets = z
  .record(z.string(), z.unknown())
  .meta({ description: 'What the vendor gave you; sealed at rest and never shown again.' });

/** A connection as a caller writes it down; what `settings` and `secrets` hold is up to the kind. */
export const ConnectionCreate = z
  .strictObject({
    kind: z.string().min(1).max(64).meta({ example: 'hubspot' }),
    name,
    project_id: ProjectId.nullish(),
    settings: z.record(z.string(), z.unknown()).default({}),
    secrets,
    mapping: z
      .record(z.string(), mappingSchema)
      .optional()
      .meta({ description: 'A mapping document for each stream to sync; default: all, mapped sensibly.' }),
    every_seconds: everySeconds
      .optional()
      .meta({ description: `Default: ${DEFAULT_EVERY_SECONDS}, or null with a cron expression.` }),
    cron: cron.optional(),
    time_zone: timeZone.optional(),
    policies: connectionPoliciesSchema.optional(),
    check: check.meta({ description: 'Ask the vendor before storing anything.' }),
  })
  .meta({ id: 'ConnectionCreate' });
export type ConnectionCreateInput = z.output<typeof ConnectionCreate>;

/** What is not named stays as it is. */
export const ConnectionPatch = z
  .strictObject({
    name: name.optional(),
    settings: z
      .record(z.string(), z.unknown())
      .optional()
      .meta({ description: 'Each setting that is named is replaced as a whole; null takes it away.' }),
    mapping: z
      .record(z.string(), mappingSchema.nullable())
      .optional()
      .meta({ description: 'Each stream that is named gets this document; null: it is synced no more.' }),
    mapping_version: z
      .int()
      .min(1)
      .optional()
      .meta({ description: 'Instead of a mapping: the version to go back to, all streams of it.' }),
    every_seconds: everySeconds.optional(),
    cron: cron.optional(),
    time_zone: timeZone.optional(),
    policies: z
      .record(z.string(), z.unknown())
      .optional()
      .meta({ description: 'Each policy that is named is replaced as a whole; null: its default.' }),
    check: check.meta({ description: 'Ask the vendor before new settings are stored.' }),
  })
  .refine(({ mapping, mapping_version }) => !(mapping && mapping_version), {
    path: ['mapping_version'],
    error: 'expected either mapping or mapping_version',
  })
  .meta({ id: 'ConnectionPatch' });
export type ConnectionPatchInput = z.output<typeof ConnectionPatch>;

/** New secrets replace the old ones name by name; null takes one away. */
export const ConnectionSecrets = z
  .strictObject({ secrets, check: z.boolean().default(true) })
  .meta({ id: 'ConnectionSecrets' });

/** @throws InvalidConnectionError when there is no such kind. */
export function requireConnector(kind: string): Connector {
  const connector = connectorById(kind);
  if (connector) return connector;
  const known = knownConnectors()
    .map(({ descriptor }) => descriptor.id)
    .join(', ');
  throw new InvalidConnectionError(`kind: there is no such connector; known are ${known}`);
}

/** @throws InvalidConnectionError naming every setting that the connector does not take. */
export function parseSettings({ descriptor }: Connector, settings: unknown): unknown {
  return parse('settings', descriptor.configSchema, settings);
}

export function parseSecrets({ descriptor }: Connector, given: unknown): unknown {
  return parse('secrets', descriptor.secretsSchema, given);
}

export function parsePolicies(given: unknown): ConnectionPolicies {
  return parse('policies', connectionPoliciesSchema, given) as ConnectionPolicies;
}

/** The caller's mapping, every expression of it compiled once, or the connector's own for each stream. */
export async function parseMapping(
  { descriptor }: Connector,
  given: ConnectionCreateInput['mapping'],
): Promise<Record<string, ParsedMapping>> {
  const streams = descriptor.tables.map(({ id }) => id);
  if (!given) {
    return Object.fromEntries(
      descriptor.tables.map(({ id, defaultMapping }) => [id, mappingSchema.parse(defaultMapping)]),
    );
  }
  const unknown = Object.keys(given).filter((stream) => !streams.includes(stream));
  if (unknown.length > 0 || Object.keys(given).length === 0)
    throw new InvalidConnectionError(`mapping: expected one or more of the streams ${streams.join(', ')}`);
  for (const [stream, document] of Object.entries(given)) await requireCompiles(stream, document);
  return given;
}

/** @throws InvalidConnectionError with every fault of the document */
export async function requireCompiles(stream: string, document: ParsedMapping): Promise<void> {
  try {
    await compileMapping(document);
  } catch (error) {
    if (!(error instanceof InvalidMappingError)) throw error;
    const faults = error.errors.map(({ field, reason }) => `mapping.${stream}.${field}: ${reason}`);
    throw new InvalidConnectionError(faults.join('; '), { cause: error });
  }
}

function parse(part: string, schema: z.ZodType, value: unknown): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${[part, ...path].join('.')}: ${message}`);
  throw new InvalidConnectionError(faults.join('; '));
}
