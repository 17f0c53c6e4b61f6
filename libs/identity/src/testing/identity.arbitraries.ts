import fc from 'fast-check';
import type { IdentityEvent } from '../identity.events.js';
import { IDENTITY_TYPES, type IdentityProperty } from '../identity.state.js';
import { IdentityPropertyShape } from '../identity.wire.js';

const key = fc.constantFrom('plan', 'seats', 'späte "Größe"', 'back\\slash');
const value = fc.oneof(
  fc.string({ unit: 'grapheme' }).map((text) => ({ type: 'string', value: text })),
  fc.integer({ min: 505, max: 520 }).map((length) => ({ type: 'string', value: 'x'.repeat(length) })),
  fc.double({ noNaN: true, min: -1e15, max: 1e15 }).map((number) => ({ type: 'number', value: number })),
  fc.boolean().map((flag) => ({ type: 'boolean', value: flag })),
  fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 })).map((json) => ({ type: 'json', value: json })),
);

/** What the door lets in: few keys, so that they meet, and all kinds of values. */
export const arbitraryProperty: fc.Arbitrary<IdentityProperty> = fc
  .tuple(key, value)
  .map(([key, typed]) => IdentityPropertyShape.safeParse({ key, ...typed }))
  .filter(({ success }) => success)
  .map(({ data }) => data as IdentityProperty);

const properties = fc.array(arbitraryProperty, { maxLength: 4 });
const agentId = fc.constantFrom('agent-1', 'agent-2', 'agent-{"3"}');
const blockId = fc.constantFrom('block-1', 'block-2');
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const fields = {
  /** Few, so that identities compete for them. */
  identifierKey: fc.constantFrom('a', 'b', 'c'),
  name: fc.constantFrom('Ada', 'Grace', 'Ångström', ''),
  identityType: fc.constantFrom(...IDENTITY_TYPES),
};
const references = {
  properties: optional(properties),
  agentIds: optional(fc.uniqueArray(agentId)),
  blockIds: optional(fc.uniqueArray(blockId)),
};

const step = <Kind extends string, Fields>(
  kind: Kind,
  shape: { [K in keyof Fields]: fc.Arbitrary<Fields[K]> },
) => fc.record<Fields>(shape).map((given) => ({ kind, ...given }));

/** One change to one identity. */
export const arbitraryChange = fc.oneof(
  { weight: 4, arbitrary: step('create', { ...fields, ...references }) },
  {
    weight: 3,
    arbitrary: step('modify', {
      identifierKey: optional(fields.identifierKey),
      name: optional(fields.name),
      identityType: optional(fields.identityType),
      ...references,
    }),
  },
  { weight: 2, arbitrary: step('replace', { ...fields, ...references }) },
  { weight: 3, arbitrary: step('upsert-properties', { properties }) },
  { weight: 2, arbitrary: step('remove-property', { key }) },
  step('attach-agent', { id: agentId }),
  step('detach-agent', { id: agentId }),
  step('attach-block', { id: blockId }),
  step('detach-block', { id: blockId }),
  step('delete', {}),
);
export type ArbitraryChange = typeof arbitraryChange extends fc.Arbitrary<infer Change> ? Change : never;

const ID = 'an-identity';
const event = <Type extends IdentityEvent['type'], Data>(
  type: Type,
  shape: { [K in keyof Data]: fc.Arbitrary<Data[K]> },
) => fc.record<Data>(shape).map((data) => ({ type, data: { identityId: ID, ...data } }));

const setChange = (id: fc.Arbitrary<string>) => fc.record({ added: fc.array(id), removed: fc.array(id) });

/** Anything that a log could hold, in any order: also what no rule would decide. */
export const arbitraryEvent: fc.Arbitrary<IdentityEvent> = fc.oneof(
  event('IdentityCreated', {
    projectId: fc.constantFrom(null, 'project'),
    ...fields,
    properties,
    agentIds: fc.array(agentId),
    blockIds: fc.array(blockId),
  }),
  {
    weight: 3,
    arbitrary: event('IdentityModified', {
      changes: fc.record(
        {
          ...fields,
          properties: fc.record({ set: properties, removed: fc.array(key) }),
          agentIds: setChange(agentId),
          blockIds: setChange(blockId),
        },
        { requiredKeys: [] },
      ),
    }),
  },
  { weight: 3, arbitrary: event('IdentityPropertiesUpserted', { properties }) },
  { weight: 3, arbitrary: event('IdentityPropertyRemoved', { key }) },
  { weight: 2, arbitrary: event('IdentityAgentAttached', { agentId }) },
  { weight: 2, arbitrary: event('IdentityAgentDetached', { agentId }) },
  { weight: 2, arbitrary: event('IdentityBlockAttached', { blockId }) },
  { weight: 2, arbitrary: event('IdentityBlockDetached', { blockId }) },
  event('IdentityDeleted', {}),
);
