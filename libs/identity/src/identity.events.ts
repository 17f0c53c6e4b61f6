import { type Event, EventCatalog } from '#event-sourcing';
import type { IdentityProperty, IdentityType } from './identity.state.js';

/** What entered and left a set. */
export interface SetChange {
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** Only what changed; a field that is absent stayed as it was. */
export interface IdentityChanges {
  readonly identifierKey?: string;
  readonly name?: string;
  readonly identityType?: IdentityType;
  readonly properties?: { readonly set: readonly IdentityProperty[]; readonly removed: readonly string[] };
  readonly agentIds?: SetChange;
  readonly blockIds?: SetChange;
}

/** Born, or back after a deletion. */
export type IdentityCreated = Event<
  'IdentityCreated',
  {
    identityId: string;
    projectId: string | null;
    identifierKey: string;
    name: string;
    identityType: IdentityType;
    properties: readonly IdentityProperty[];
    agentIds: readonly string[];
    blockIds: readonly string[];
  }
>;
export type IdentityModified = Event<'IdentityModified', { identityId: string; changes: IdentityChanges }>;
export type IdentityPropertiesUpserted = Event<
  'IdentityPropertiesUpserted',
  { identityId: string; properties: readonly IdentityProperty[] }
>;
export type IdentityPropertyRemoved = Event<'IdentityPropertyRemoved', { identityId: string; key: string }>;
export type IdentityAgentAttached = Event<'IdentityAgentAttached', { identityId: string; agentId: string }>;
export type IdentityAgentDetached = Event<'IdentityAgentDetached', { identityId: string; agentId: string }>;
export type IdentityBlockAttached = Event<'IdentityBlockAttached', { identityId: string; blockId: string }>;
export type IdentityBlockDetached = Event<'IdentityBlockDetached', { identityId: string; blockId: string }>;
/** `mergedInto` names the identity that lives on when the source merged two records. */
export type IdentityDeleted = Event<'IdentityDeleted', { identityId: string; mergedInto?: string }>;

export type IdentityEvent =
  | IdentityCreated
  | IdentityModified
  | IdentityPropertiesUpserted
  | IdentityPropertyRemoved
  | IdentityAgentAttached
  | IdentityAgentDetached
  | IdentityBlockAttached
  | IdentityBlockDetached
  | IdentityDeleted;

/** Every type at its current version; `identity.events.spec.ts` holds the golden file of each released one. */
export const identityEvents = new EventCatalog<IdentityEvent>({
  IdentityCreated: [],
  IdentityModified: [],
  IdentityPropertiesUpserted: [],
  IdentityPropertyRemoved: [],
  IdentityAgentAttached: [],
  IdentityAgentDetached: [],
  IdentityBlockAttached: [],
  IdentityBlockDetached: [],
  IdentityDeleted: [],
});

export const IDENTITY_CATEGORY = 'identity';
