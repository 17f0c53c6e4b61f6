import {
  createIdentity,
  deleteIdentity,
  type Identity,
  type IdentityEvent,
  IdentityLimitError,
} from '#identity';
import { isBound, type Link } from './link.js';
import { mirrorIdentity } from './mirrored-identity.js';
import type { Gone, Merged, Observation, Present, Unusable } from './observation.js';

export const PLAN_ACTIONS = [
  'create',
  'update',
  'unchanged',
  'key_change',
  'conflict',
  'invalid',
  'stale',
  'delete',
  'merge',
] as const;
export type PlanAction = (typeof PLAN_ACTIONS)[number];

/** What we hold about the record that is observed. */
export interface Held {
  readonly link: Link | undefined;
  /** The link's identity. */
  readonly identity: Identity;
  /** Another connection mirrors the link's identity, too. */
  readonly shared: boolean;
  /** The identity that has the key which the record maps to. */
  readonly holder: Holder | undefined;
  /** Of a merged record: the link of the one it ended in. */
  readonly winner: Link | undefined;
}

export interface Holder {
  readonly identityId: string;
  readonly identity: Identity;
  /** A record of this connection is linked to it. */
  readonly bound: boolean;
}

export interface Circumstances {
  /** When the CRM was asked. */
  readonly askedAt: Date;
  /** For an identity that has to be made. */
  readonly newIdentityId: string;
  readonly projectId: string | null;
  /** The property keys that the mapping owns. */
  readonly owned: ReadonlySet<string>;
}

export interface Plan {
  readonly action: PlanAction;
  readonly code?: string;
  readonly reason?: string;
  readonly identityId?: string;
  /** What happens to the identity; none when it is as it should be. */
  readonly events: readonly IdentityEvent[];
  /** Links as they have to be afterwards. */
  readonly links: readonly Link[];
}

/**
 * What one observation means for what we hold: link first, then identifier key, else a new identity. Pure, and the
 * only judge: a dry run asks here as well. Null: the observation is about nothing of ours.
 */
export function plan(observation: Observation, held: Held, circumstances: Circumstances): Plan | null {
  try {
    return PLANNERS[observation.kind](observation as never, held, circumstances);
  } catch (error) {
    if (!(error instanceof IdentityLimitError)) throw error;
    return refuse('invalid', error.code, error.message, held);
  }
}

const PLANNERS = {
  present: planPresent,
  unusable: planUnusable,
  gone: planGone,
  merged: planMerged,
} satisfies Record<Observation['kind'], unknown>;

function planPresent(record: Present, held: Held, circumstances: Circumstances): Plan {
  const { link, identity } = held;
  if (!link || link.mergedInto !== null) return planUnlinked(record, held, circumstances);
  if (isOlder(record, link, circumstances.askedAt)) return stale(held);
  if (identity.status !== 'live') return planRestore(record, link, held, circumstances);
  const seen = linkTo(record, link.identityId, circumstances);
  if (isBound(link) && link.contentHash?.equals(record.hash)) return unchanged(seen);
  const { holder } = held;
  if (holder && holder.identityId !== link.identityId) return keyTaken(held);
  const rekeyed = record.mirrored.identifierKey !== identity.identifierKey;
  return mirror(record, rekeyed ? 'key_change' : 'update', { link: seen, identity }, circumstances);
}

/** A record that comes back, or whose identity was deleted here, gets its old identity again: the CRM decides. */
function planRestore(record: Present, link: Link, held: Held, circumstances: Circumstances): Plan {
  if (held.holder) return keyTaken(held);
  return create(record, link.identityId, circumstances, { code: 'RESTORED' });
}

function planUnlinked(record: Present, held: Held, circumstances: Circumstances): Plan {
  const { holder } = held;
  if (!holder) return create(record, circumstances.newIdentityId, circumstances);
  if (holder.bound) return keyTaken(held);
  const link = linkTo(record, holder.identityId, circumstances);
  return mirror(record, 'update', { link, identity: holder.identity, code: 'MATCHED_BY_KEY' }, circumstances);
}

function planUnusable({ code, reason }: Unusable, held: Held): Plan {
  return refuse('invalid', code, reason, held);
}

/** An identity that another connection mirrors lives on: only this link ends. */
function planGone(_gone: Gone, { link, identity, shared }: Held, { askedAt }: Circumstances): Plan | null {
  if (!link || !isBound(link)) return null;
  const { identityId } = link;
  if (askedAt < link.seenAt) return { action: 'stale', identityId, events: [], links: [] };
  const tombstone = { ...link, tombstonedAt: askedAt, seenAt: askedAt, contentHash: null };
  const events = shared || identity.status !== 'live' ? [] : deleteIdentity(identityId)(identity);
  const code = shared ? { code: 'STILL_MIRRORED' } : {};
  return { action: 'delete', ...code, identityId, events, links: [tombstone] };
}

/** The winner keeps its identity, or inherits the loser's when it has none; then nobody is deleted. */
function planMerged(merged: Merged, held: Held, { askedAt }: Circumstances): Plan | null {
  const { link, identity, winner, shared } = held;
  if (!link || link.mergedInto === merged.into) return null;
  const identityId = winner?.identityId ?? link.identityId;
  const ended = { ...link, identityId, mergedInto: merged.into, seenAt: askedAt, contentHash: null };
  if (!winner)
    return { action: 'merge', identityId, events: [], links: [ended, inherited(link, merged.into)] };
  const spared = shared || identity.status !== 'live' || link.identityId === winner.identityId;
  const events = spared ? [] : deleteIdentity(link.identityId, winner.identityId)(identity);
  return { action: 'merge', identityId: link.identityId, events, links: [ended] };
}

/** Whatever the winner says is news to this link. */
function inherited(link: Link, externalId: string): Link {
  return { ...link, externalId, sourceUpdatedAt: null, contentHash: null, seenAt: new Date(0) };
}

/** By the source's own time; where that says nothing, by the time at which we asked. */
function isOlder({ updatedAt }: Present, link: Link, askedAt: Date): boolean {
  const known = link.sourceUpdatedAt;
  if (updatedAt && known && updatedAt.getTime() !== known.getTime()) return updatedAt < known;
  return askedAt < link.seenAt;
}

interface Target {
  readonly link: Link;
  readonly identity: Identity;
  readonly code?: string;
}

function mirror(
  { mirrored }: Present,
  action: 'update' | 'key_change',
  { link, identity, code }: Target,
  { owned }: Circumstances,
): Plan {
  const events = mirrorIdentity(link.identityId, mirrored, owned)(identity);
  if (events.length === 0) return { ...unchanged(link), ...(code ? { code } : {}) };
  return { action, ...(code ? { code } : {}), identityId: link.identityId, events, links: [link] };
}

function create(
  record: Present,
  identityId: string,
  circumstances: Circumstances,
  more: { readonly code?: string } = {},
): Plan {
  const { projectId } = circumstances;
  const events = createIdentity(identityId, { ...record.mirrored, projectId })({ status: 'unknown' });
  return {
    action: 'create',
    ...more,
    identityId,
    events,
    links: [linkTo(record, identityId, circumstances)],
  };
}

function linkTo({ id, updatedAt, hash }: Present, identityId: string, { askedAt }: Circumstances): Link {
  return {
    externalId: id,
    identityId,
    sourceUpdatedAt: updatedAt,
    contentHash: hash,
    seenAt: askedAt,
    tombstonedAt: null,
    mergedInto: null,
  };
}

const unchanged = (link: Link): Plan => ({
  action: 'unchanged',
  identityId: link.identityId,
  events: [],
  links: [link],
});

function stale({ link }: Held): Plan {
  return { action: 'stale', ...(link ? { identityId: link.identityId } : {}), events: [], links: [] };
}

function keyTaken(held: Held): Plan {
  const reason = held.holder?.bound
    ? 'its identifier key belongs to the identity of another record of this connection'
    : 'its identifier key belongs to another identity';
  return refuse('conflict', 'IDENTIFIER_KEY_TAKEN', reason, held);
}

function refuse(action: 'conflict' | 'invalid', code: string, reason: string, { link }: Held): Plan {
  const identity = link ? { identityId: link.identityId } : {};
  return { action, code, reason, ...identity, events: [], links: [] };
}
