import { z } from 'zod';
import { isStorable } from '#platform';
import { MAX_ENTRIES } from './identity.decider.js';
import { IDENTITY_TYPES, type IdentityProperty, type JsonObject } from './identity.state.js';

/** Lengths in UTF-16 units. The key's bound keeps it inside a B-tree entry; the others keep an identity one small row. */
export const LIMITS = {
  identifierKey: 512,
  name: 1_024,
  projectId: 256,
  propertyKey: 256,
  propertyText: 65_536,
  jsonDepth: 32,
} as const;

const UUID4 = '[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}';

/** `identity-<uuid4>`, lower case. */
export const IdentityId = prefixedId('identity');
export const AgentId = prefixedId('agent');
export const BlockId = prefixedId('block');

export const IdentityTypeShape = z
  .enum(IDENTITY_TYPES)
  .meta({ description: 'What kind of identity this is.' });

const text = (max: number, min = 0) =>
  z
    .string()
    .min(min)
    .max(max)
    .refine(isStorable, { error: 'must not hold NUL characters or unpaired surrogates' });

export const IdentifierKey = text(LIMITS.identifierKey, 1).meta({
  description: 'Your own unique id of this user or organisation; unique in its project.',
  example: 'user_1',
});
export const IdentityName = text(LIMITS.name).meta({ example: 'Caren' });
export const ProjectId = text(LIMITS.projectId, 1).meta({ example: 'proj_1' });
export const PropertyKey = text(LIMITS.propertyKey, 1).meta({ example: 'plan' });

const number = z
  .number()
  .min(-Number.MAX_SAFE_INTEGER, 'numbers beyond ±9007199254740991 would lose digits; send a string')
  .max(Number.MAX_SAFE_INTEGER, 'numbers beyond ±9007199254740991 would lose digits; send a string')
  // jsonb has no negative zero.
  .transform((value) => (value === 0 ? 0 : value));

const JsonObjectShape = z
  .record(z.string(), z.unknown())
  .superRefine((value, context) => {
    const problem = jsonProblem(value);
    if (problem) context.addIssue({ code: 'custom', message: problem });
  })
  .transform((value) => value as JsonObject);

const propertyOf = <Type extends IdentityProperty['type'], Value extends z.ZodType>(
  type: Type,
  value: Value,
) => z.strictObject({ key: PropertyKey, value, type: z.literal(type) });

/** `type` must say what `value` is. */
export const IdentityPropertyShape = z
  .discriminatedUnion('type', [
    propertyOf('string', text(LIMITS.propertyText)),
    propertyOf('number', number),
    propertyOf('boolean', z.boolean()),
    propertyOf('json', JsonObjectShape),
  ])
  .meta({
    id: 'IdentityProperty',
    description: 'A typed property of an identity; `type` must match `value`.',
  });

export const PropertyList = z.array(IdentityPropertyShape).max(MAX_ENTRIES);

const fields = {
  identifier_key: IdentifierKey,
  name: IdentityName,
  identity_type: IdentityTypeShape,
};
const references = {
  properties: PropertyList.nullish(),
  agent_ids: z.array(AgentId).max(MAX_ENTRIES).nullish().meta({ deprecated: true }),
  block_ids: z.array(BlockId).max(MAX_ENTRIES).nullish().meta({ deprecated: true }),
};

export const IdentityCreate = z
  .strictObject({ ...fields, project_id: ProjectId.nullish(), ...references })
  .meta({ id: 'IdentityCreate' });

export const IdentityUpsert = z
  .strictObject({ ...fields, project_id: ProjectId.nullish(), ...references })
  .meta({ id: 'IdentityUpsert' });

/** Null and absent leave a field as it is. */
export const IdentityUpdate = z
  .strictObject({
    identifier_key: IdentifierKey.nullish(),
    name: IdentityName.nullish(),
    identity_type: IdentityTypeShape.nullish(),
    ...references,
  })
  .meta({ id: 'IdentityUpdate' });

/** An identity as clients read it. */
export const IdentityShape = z
  .strictObject({
    id: z.string().meta({ example: 'identity-123e4567-e89b-42d3-8456-426614174000' }),
    identifier_key: z.string(),
    name: z.string(),
    identity_type: IdentityTypeShape,
    project_id: z.string().nullable(),
    agent_ids: z.array(z.string()),
    block_ids: z.array(z.string()),
    properties: z.array(
      z.strictObject({
        key: z.string(),
        value: z.union([z.string(), z.number(), z.boolean(), z.record(z.string(), z.unknown())]),
        type: z.enum(['string', 'number', 'boolean', 'json']),
      }),
    ),
  })
  .meta({ id: 'Identity' });
export type IdentityOnTheWire = z.infer<typeof IdentityShape>;

/** The bare UUID behind `identity-<uuid4>`: what streams and rows are keyed by. */
export const identityUuid = (id: string): string => id.slice('identity-'.length);

function prefixedId(prefix: string) {
  return z
    .string()
    .regex(new RegExp(`^${prefix}-${UUID4}$`), `String should match pattern '${prefix}-{uuid4}'`)
    .meta({ example: `${prefix}-123e4567-e89b-42d3-8456-426614174000` });
}

/** Why a JSON value cannot be stored, or nothing. Walks without recursion: depth is the sender's. */
function jsonProblem(root: unknown): string | undefined {
  const waiting: [value: unknown, depth: number][] = [[root, 1]];
  let size = 0;
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const [value, depth] = next;
    if (depth > LIMITS.jsonDepth) return `JSON values nest at most ${LIMITS.jsonDepth} levels`;
    if (typeof value === 'string' && !isStorable(value))
      return 'must not hold NUL characters or unpaired surrogates';
    if (typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER) {
      return 'numbers beyond ±9007199254740991 would lose digits; send a string';
    }
    if (typeof value !== 'object' || value === null) continue;
    for (const [key, inner] of Object.entries(value)) {
      if (!isStorable(key)) return 'keys must not hold NUL characters or unpaired surrogates';
      size += key.length + (typeof inner === 'string' ? inner.length : 1);
      waiting.push([inner, depth + 1]);
    }
    if (size > LIMITS.propertyText) return `JSON values hold at most ${LIMITS.propertyText} characters`;
  }
  return undefined;
}
