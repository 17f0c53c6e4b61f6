import { type Decider, type Decision, evolveBy } from '#event-sourcing';
import { IdentityLimitError, IdentityNotFoundError } from './identity.errors.js';
import type { IdentityChanges, IdentityEvent } from './identity.events.js';
import { IdentityFolding } from './identity.folding.js';
import type { Identity, IdentityProperty, IdentityType, LiveIdentity, Properties } from './identity.state.js';

/** How many properties, agents or blocks one identity holds: it is loaded and answered as a whole. */
export const MAX_ENTRIES = 1_000;

export interface NewIdentity {
  readonly projectId: string | null;
  readonly identifierKey: string;
  readonly name: string;
  readonly identityType: IdentityType;
  readonly properties?: readonly IdentityProperty[] | undefined;
  readonly agentIds?: readonly string[] | undefined;
  readonly blockIds?: readonly string[] | undefined;
}

/** What a PATCH may say; absent leaves as it is, properties merge by key, agents and blocks are added. */
export interface IdentityPatch extends Partial<Omit<NewIdentity, 'projectId'>> {}

type IdentityDecision = Decision<Identity, IdentityEvent>;

export const createIdentity =
  (identityId: string, input: NewIdentity): IdentityDecision =>
  (identity) => {
    if (identity.status === 'live') return [];
    const properties = [...byKey(input.properties ?? []).values()];
    const agentIds = [...new Set(input.agentIds)];
    const blockIds = [...new Set(input.blockIds)];
    withinLimits(properties.length, agentIds.length, blockIds.length);
    const { projectId, identifierKey, name, identityType } = input;
    return [
      {
        type: 'IdentityCreated',
        data: { identityId, projectId, identifierKey, name, identityType, properties, agentIds, blockIds },
      },
    ];
  };

export const modifyIdentity = (identityId: string, patch: IdentityPatch): IdentityDecision =>
  onLive(identityId, (identity) =>
    modified(identityId, identity, {
      ...scalarChanges(identity, patch),
      ...mergedProperties(identity.properties, patch.properties),
      ...addedTo(identity, 'agentIds', patch.agentIds),
      ...addedTo(identity, 'blockIds', patch.blockIds),
    }),
  );

/** Name and type are overwritten; properties, agents and blocks are replaced when given. */
export const replaceIdentity = (
  identityId: string,
  input: Omit<NewIdentity, 'projectId'>,
): IdentityDecision =>
  onLive(identityId, (identity) =>
    modified(identityId, identity, {
      ...scalarChanges(identity, input),
      ...replacedProperties(identity.properties, input.properties),
      ...replacedSet(identity, 'agentIds', input.agentIds),
      ...replacedSet(identity, 'blockIds', input.blockIds),
    }),
  );

export const upsertProperties = (
  identityId: string,
  properties: readonly IdentityProperty[],
): IdentityDecision =>
  onLive(identityId, (identity) => {
    const changed = changedProperties(identity.properties, properties);
    if (changed.length === 0) return [];
    withinLimits(identity.properties.size + newKeys(identity.properties, changed));
    return [{ type: 'IdentityPropertiesUpserted', data: { identityId, properties: changed } }];
  });

export const removeProperty = (identityId: string, key: string): IdentityDecision =>
  onLive(identityId, (identity) =>
    identity.properties.has(key) ? [{ type: 'IdentityPropertyRemoved', data: { identityId, key } }] : [],
  );

export const attachAgent = (identityId: string, agentId: string): IdentityDecision =>
  onLive(identityId, ({ agentIds }) => {
    if (agentIds.includes(agentId)) return [];
    withinLimits(0, agentIds.length + 1);
    return [{ type: 'IdentityAgentAttached', data: { identityId, agentId } }];
  });

export const detachAgent = (identityId: string, agentId: string): IdentityDecision =>
  onLive(identityId, ({ agentIds }) =>
    agentIds.includes(agentId) ? [{ type: 'IdentityAgentDetached', data: { identityId, agentId } }] : [],
  );

export const attachBlock = (identityId: string, blockId: string): IdentityDecision =>
  onLive(identityId, ({ blockIds }) => {
    if (blockIds.includes(blockId)) return [];
    withinLimits(0, 0, blockIds.length + 1);
    return [{ type: 'IdentityBlockAttached', data: { identityId, blockId } }];
  });

export const detachBlock = (identityId: string, blockId: string): IdentityDecision =>
  onLive(identityId, ({ blockIds }) =>
    blockIds.includes(blockId) ? [{ type: 'IdentityBlockDetached', data: { identityId, blockId } }] : [],
  );

export const deleteIdentity = (identityId: string, mergedInto?: string): IdentityDecision =>
  onLive(identityId, () => [
    { type: 'IdentityDeleted', data: { identityId, ...(mergedInto && { mergedInto }) } },
  ]);

const folding = (identity: Identity) => new IdentityFolding(identity);

export const identityDecider: Decider<Identity, IdentityEvent> = {
  initial: { status: 'unknown' },
  evolve: evolveBy(folding),
  folding,
};

/** Runs a rule on a live identity. @throws IdentityNotFoundError when there is none. */
function onLive(
  identityId: string,
  rule: (identity: LiveIdentity) => readonly IdentityEvent[],
): IdentityDecision {
  return (identity) => {
    if (identity.status !== 'live') throw new IdentityNotFoundError(identityId);
    return rule(identity);
  };
}

function modified(
  identityId: string,
  identity: LiveIdentity,
  changes: IdentityChanges,
): readonly IdentityEvent[] {
  if (Object.keys(changes).length === 0) return [];
  const event: IdentityEvent = { type: 'IdentityModified', data: { identityId, changes } };
  const after = identityDecider.evolve(identity, event);
  if (after.status === 'live')
    withinLimits(after.properties.size, after.agentIds.length, after.blockIds.length);
  return [event];
}

function scalarChanges(
  identity: LiveIdentity,
  { identifierKey, name, identityType }: IdentityPatch,
): IdentityChanges {
  return {
    ...(identifierKey !== undefined && identifierKey !== identity.identifierKey && { identifierKey }),
    ...(name !== undefined && name !== identity.name && { name }),
    ...(identityType !== undefined && identityType !== identity.identityType && { identityType }),
  };
}

function mergedProperties(
  before: Properties,
  given: readonly IdentityProperty[] | undefined,
): IdentityChanges {
  const set = changedProperties(before, given ?? []);
  return set.length === 0 ? {} : { properties: { set, removed: [] } };
}

function replacedProperties(
  before: Properties,
  given: readonly IdentityProperty[] | undefined,
): IdentityChanges {
  if (!given) return {};
  const set = changedProperties(before, given);
  const kept = byKey(given);
  const gone = [...before.keys()].filter((key) => !kept.has(key));
  return set.length + gone.length === 0 ? {} : { properties: { set, removed: gone } };
}

function addedTo(
  identity: LiveIdentity,
  field: 'agentIds' | 'blockIds',
  given: readonly string[] | undefined,
) {
  const held = new Set(identity[field]);
  const fresh = [...new Set(given)].filter((id) => !held.has(id));
  return fresh.length === 0 ? {} : { [field]: { added: fresh, removed: [] } };
}

function replacedSet(
  identity: LiveIdentity,
  field: 'agentIds' | 'blockIds',
  given: readonly string[] | undefined,
) {
  if (!given) return {};
  const held = new Set(identity[field]);
  const wanted = new Set(given);
  const fresh = [...wanted].filter((id) => !held.has(id));
  const gone = identity[field].filter((id) => !wanted.has(id));
  return fresh.length + gone.length === 0 ? {} : { [field]: { added: fresh, removed: gone } };
}

/** The properties that differ from what is held; of a repeated key the last one counts. */
const changedProperties = (before: Properties, given: readonly IdentityProperty[]): IdentityProperty[] =>
  [...byKey(given).values()].filter((property) => !sameProperty(before.get(property.key), property));

const newKeys = (before: Properties, changed: readonly IdentityProperty[]): number =>
  changed.filter(({ key }) => !before.has(key)).length;

const byKey = (properties: readonly IdentityProperty[]): Map<string, IdentityProperty> =>
  new Map(properties.map((property) => [property.key, property]));

const sameProperty = (held: IdentityProperty | undefined, given: IdentityProperty): boolean =>
  held !== undefined && held.type === given.type && sameJson(held.value, given.value);

/** Equal as JSON: the order of an object's keys says nothing (jsonb keeps none). */
function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && sameJson(a[key as keyof typeof a], b[key as keyof typeof b]))
  );
}

function withinLimits(properties: number, agents = 0, blocks = 0): void {
  for (const [what, count] of [
    ['properties', properties],
    ['agents', agents],
    ['blocks', blocks],
  ] as const) {
    if (count > MAX_ENTRIES) {
      throw new IdentityLimitError(
        `An identity holds at most ${MAX_ENTRIES} ${what}; this change would make it ${count}`,
      );
    }
  }
}
