import type { Loaded } from '#event-sourcing';
import type { IdentityPatch, NewIdentity } from './identity.decider.js';
import { IdentityNotFoundError } from './identity.errors.js';
import type { Identity, IdentityProperty, IdentityType } from './identity.state.js';
import type { IdentityOnTheWire } from './identity.wire.js';

/** An identity as commands and queries answer it. */
export interface IdentityView {
  /** The bare UUID. */
  readonly id: string;
  readonly version: number;
  readonly projectId: string | null;
  readonly identifierKey: string;
  readonly name: string;
  readonly identityType: IdentityType;
  readonly properties: readonly IdentityProperty[];
  readonly agentIds: readonly string[];
  readonly blockIds: readonly string[];
}

export function toView(id: string, { state, version }: Loaded<Identity>): IdentityView {
  if (state.status !== 'live') throw new IdentityNotFoundError(id);
  const { status, properties, ...fields } = state;
  return { id, version, ...fields, properties: [...properties.values()] };
}

/** Copies nothing, since an answer is only read: a list makes one object for each identity. */
export const toWire = (view: IdentityView): IdentityOnTheWire => ({
  id: `identity-${view.id}`,
  identifier_key: view.identifierKey,
  name: view.name,
  identity_type: view.identityType,
  project_id: view.projectId,
  agent_ids: view.agentIds as string[],
  block_ids: view.blockIds as string[],
  properties: view.properties as IdentityOnTheWire['properties'],
});

interface WirePatch {
  readonly identifier_key?: string | null | undefined;
  readonly name?: string | null | undefined;
  readonly identity_type?: IdentityType | null | undefined;
  readonly properties?: readonly IdentityProperty[] | null | undefined;
  readonly agent_ids?: readonly string[] | null | undefined;
  readonly block_ids?: readonly string[] | null | undefined;
}

/** The API's spelling to ours; null and absent are the same. */
export const fromWirePatch = (wire: WirePatch): IdentityPatch => ({
  identifierKey: wire.identifier_key ?? undefined,
  name: wire.name ?? undefined,
  identityType: wire.identity_type ?? undefined,
  properties: wire.properties ?? undefined,
  agentIds: wire.agent_ids ?? undefined,
  blockIds: wire.block_ids ?? undefined,
});

export const fromWireIdentity = (
  wire: WirePatch & {
    readonly identifier_key: string;
    readonly name: string;
    readonly identity_type: IdentityType;
    readonly project_id?: string | null | undefined;
  },
): NewIdentity => ({
  projectId: wire.project_id ?? null,
  identifierKey: wire.identifier_key,
  name: wire.name,
  identityType: wire.identity_type,
  properties: wire.properties ?? undefined,
  agentIds: wire.agent_ids ?? undefined,
  blockIds: wire.block_ids ?? undefined,
});
