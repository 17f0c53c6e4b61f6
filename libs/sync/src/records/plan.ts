import {
  createIdentity,
  deleteIdentity,
  type Identity,
  type IdentityEvent,
  IdentityLimitError,
  type Provenance,
} from '#identity';
import { isBound, type Link } from '../links/link.js';
import { allowedBy, type Ownership } from './field-policies.js';
import { DISCARDED_CODE, type KeyResolution, POLICY, RESOLUTION_CODES } from './key-resolution.js';
import { mirrorIdentity } from './mirrored-identity.js';
import type { Merged, Observation, Present, Unusable } from './observation.js';

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
  /** Another record, of this or another connection, mirrors the link's identity, too. */
  readonly shared: boolean;
  /** The identity that has the key which the record maps to. */
  readonly holder: Holder | undefined;
  /** Who last changed the fields of the identity that the record mirrors; only where field policies ask for it. */
  readonly provenance?: Provenance | undefined;
  /** The identity that has the key which a resolution names. */
  readonly named?: Holder | undefined;
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
  /** Who wins, field by field, and who we are; absent: the source, everywhere. */
  readonly ownership?: Pick<Ownership, 'policies' | 'actor'> | undefined;
  /** Should the key be taken. */
  readonly resolution?: KeyResolution | undefined;
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
  /** Of a conflict, also one that was decided: what it is about. */
  readonly conflict?: { readonly identifierKey: string; readonly holderId: string };
  /** The resolution that was followed. */
  readonly resolution?: KeyResolution;
}

/**
 * What one observation means for what we hold: link first, then identifier key, else a new identity. Pure, and the
 * only judge: a dry run asks here as well. Null: the observation is about nothing of ours.
 */
export function plan(observation: Observation, held: Held, circumstances: Circumstances): Plan | null {
  try {
    return planByKind(observation, held, circumstances);
  } catch (error) {
    if (!(error instanceof IdentityLimitError)) throw error;
    return planNothing('invalid', error.code, error.message, held);
  }
}

function planByKind(observation: Observation, held: Held, circumstances: Circumstances): Plan | null {
  switch (observation.kind) {
    case 'present':
      return planPresent(observation, held, circumstances);
    case 'unusable':
      return planUnusable(observation, held);
    case 'gone':
      return planGone(held, circumstances);
    case 'merged':
      return planMerged(observation, held, circumstances);
  }
}

function planPresent(record: Present, held: Held, circumstances: Circumstances): Plan {
  const { link, identity, provenance } = held;
  if (!link || link.mergedInto !== null) return planUnlinked(record, held, circumstances);
  if (isOlder(record, link, circumstances.askedAt)) return stale(held);
  if (identity.status !== 'live') return planRestore(record, link, held, circumstances);
  const seen = linkTo(record, link.identityId, circumstances);
  if (isBound(link) && link.contentHash?.equals(record.hash)) return unchanged(seen);
  const { holder } = held;
  if (holder && holder.identityId !== link.identityId) return keyTaken(record, held, circumstances);
  const rekeyed = record.mirrored.identifierKey !== identity.identifierKey;
  return mirror(
    record,
    rekeyed ? 'key_change' : 'update',
    { link: seen, identity, provenance },
    circumstances,
  );
}

/** A record that comes back, or whose identity was deleted here, gets its old identity again: the CRM decides. */
function planRestore(record: Present, link: Link, held: Held, circumstances: Circumstances): Plan {
  if (held.holder) return keyTaken(record, held, circumstances);
  return create(record, link.identityId, circumstances, { code: 'RESTORED' });
}

function planUnlinked(record: Present, held: Held, circumstances: Circumstances): Plan {
  const { holder } = held;
  if (!holder) return create(record, circumstances.newIdentityId, circumstances);
  if (holder.bound) return keyTaken(record, { ...held, link: undefined }, circumstances);
  const link = linkTo(record, holder.identityId, circumstances);
  const { identity } = holder;
  const target = { link, identity, provenance: held.provenance, code: 'MATCHED_BY_KEY' };
  return mirror(record, 'update', target, circumstances);
}

function planUnusable({ code, reason }: Unusable, held: Held): Plan {
  return planNothing('invalid', code, reason, held);
}

/** An identity that another record mirrors lives on: only this link ends. */
function planGone({ link, identity, shared }: Held, { askedAt }: Circumstances): Plan | null {
  if (!link || !isBound(link)) return null;
  const { identityId } = link;
  if (askedAt < link.seenAt) return { action: 'stale', identityId, events: [], links: [] };
  const tombstone = { ...link, tombstonedAt: askedAt, seenAt: askedAt, contentHash: null };
  const events = shared || identity.status !== 'live' ? [] : deleteIdentity(identityId)(identity);
  const code = shared ? { code: 'STILL_MIRRORED' } : {};
  return { action: 'delete', ...code, identityId, events, links: [tombstone] };
}

/**
 * The winner keeps its identity, or inherits the loser's when it has none; then nobody is deleted. Whatever else
 * mirrored the loser's identity mirrors the winner's from then on.
 */
function planMerged(merged: Merged, held: Held, { askedAt }: Circumstances): Plan | null {
  const { link, identity, winner } = held;
  if (!link || link.mergedInto === merged.into) return null;
  const identityId = winner?.identityId ?? link.identityId;
  const ended = {
    ...link,
    identityId,
    mergedInto: merged.into,
    seenAt: askedAt,
    contentHash: null,
    hold: null,
  };
  if (!winner)
    return { action: 'merge', identityId, events: [], links: [ended, inherited(link, merged.into)] };
  const spared = identity.status !== 'live' || link.identityId === winner.identityId;
  const events = spared ? [] : deleteIdentity(link.identityId, winner.identityId)(identity);
  return { action: 'merge', identityId: link.identityId, events, links: [ended] };
}

/** Whatever the winner says is news to this link. */
function inherited(link: Link, externalId: string): Link {
  return { ...link, externalId, sourceUpdatedAt: null, contentHash: null, seenAt: new Date(0), hold: null };
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
  readonly provenance: Provenance | undefined;
  readonly code?: string;
}

function mirror(
  record: Present,
  action: 'update' | 'key_change',
  { link, identity, provenance, code }: Target,
  { owned: allOwned, ownership }: Circumstances,
): Plan {
  const { mirrored, owned, kept } = allowedBy(
    {
      ...(ownership ?? SOURCE_WINS),
      provenance: provenance ?? new Map(),
      updatedAt: record.updatedAt,
    },
    record.mirrored,
    allOwned,
    identity,
  );
  const events = mirrorIdentity(link.identityId, mirrored, owned)(identity);
  const fieldsKept = kept.length > 0 ? { code: 'FIELDS_KEPT', reason: `kept: ${kept.join(', ')}` } : {};
  const plan = { ...fieldsKept, ...(code ? { code } : {}) };
  if (events.length === 0) return { ...unchanged(link), ...plan };
  return { action, ...plan, identityId: link.identityId, events, links: [link] };
}

const SOURCE_WINS = { policies: {}, actor: '' };

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

function linkTo(
  { id, updatedAt, hash, fingerprint, hold }: Present,
  identityId: string,
  { askedAt }: Circumstances,
): Link {
  return {
    externalId: id,
    identityId,
    sourceUpdatedAt: updatedAt,
    contentHash: hash,
    fingerprint,
    seenAt: askedAt,
    tombstonedAt: null,
    mergedInto: null,
    hold: hold ?? null,
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

function keyTaken(record: Present, held: Held, circumstances: Circumstances): Plan {
  const { resolution } = circumstances;
  const { holder } = held;
  const fits = resolution && isAbout(resolution, record, held);
  const decided = fits ? DECIDED[resolution.action](record, held, circumstances, resolution) : null;
  if (decided?.action === 'conflict') return decided;
  if (decided && resolution) return { ...decided, resolution, ...about(record, held) };
  const reason = holder?.bound
    ? 'its identifier key belongs to the identity of another record of this connection'
    : 'its identifier key belongs to another identity';
  return conflict('IDENTIFIER_KEY_TAKEN', reason, record, held);
}

const isAbout = ({ about: seen }: KeyResolution, { mirrored }: Present, { holder }: Held): boolean =>
  !seen || (seen.identifierKey === mirrored.identifierKey && seen.holderId === holder?.identityId);

/** What a resolution makes of a record whose key is taken; null: it does not fit what is there. */
const DECIDED: Record<
  KeyResolution['action'],
  (record: Present, held: Held, circumstances: Circumstances, resolution: KeyResolution) => Plan | null
> = { merge: mergeIntoHolder, keep: keepKey, rekey: takeNamedKey };

/** The record's own identity ends in the holder; the record is planned again then, and mirrors into it. */
function mergeIntoHolder(
  record: Present,
  { link, identity, holder, provenance }: Held,
  circumstances: Circumstances,
  resolution: KeyResolution,
): Plan | null {
  if (!holder) return null;
  const into = holder.identityId;
  const said = saying(resolution);
  if (!link || identity.status !== 'live') {
    const target = { link: linkTo(record, into, circumstances), identity: holder.identity, provenance };
    return { ...mirror(record, 'update', target, circumstances), ...said };
  }
  const events = deleteIdentity(link.identityId, into)(identity);
  const moved = { ...link, identityId: into, contentHash: null, hold: null };
  return { action: 'merge', ...said, identityId: link.identityId, events, links: [moved] };
}

/** A record without a key of its own stays out until it changes: for a person to say, not for a policy. */
function keepKey(
  record: Present,
  { link, identity, provenance }: Held,
  circumstances: Circumstances,
  resolution: KeyResolution,
): Plan | null {
  if (link && identity.status === 'live') {
    const kept = holding(record, identity.identifierKey);
    const target = { link: linkTo(kept, link.identityId, circumstances), identity, provenance };
    return { ...mirror(kept, 'update', target, circumstances), ...saying(resolution) };
  }
  if (resolution.by === POLICY) return null;
  const reason = 'kept out by hand until it changes';
  return { action: 'unchanged', code: DISCARDED_CODE, reason, events: [], links: [] };
}

function takeNamedKey(
  record: Present,
  held: Held,
  circumstances: Circumstances,
  resolution: KeyResolution,
): Plan | null {
  const { link, identity, named, provenance } = held;
  const { identifierKey } = resolution;
  if (identifierKey === undefined) return null;
  if (named && named.identityId !== link?.identityId)
    return conflict('NAMED_KEY_TAKEN', 'the key that was named belongs to another identity', record, held);
  const renamed = holding(record, identifierKey);
  const identityId = link?.identityId ?? circumstances.newIdentityId;
  if (identity.status !== 'live' || !link)
    return { ...create(renamed, identityId, circumstances), ...saying(resolution) };
  const target = { link: linkTo(renamed, identityId, circumstances), identity, provenance };
  return { ...mirror(renamed, 'key_change', target, circumstances), ...saying(resolution) };
}

function holding(record: Present, identifierKey: string): Present {
  const insteadOf = record.hold?.insteadOf ?? record.mirrored.identifierKey;
  const hold = { key: identifierKey, insteadOf };
  return { ...record, hold, mirrored: { ...record.mirrored, identifierKey } };
}

const saying = ({ action, by }: KeyResolution): Pick<Plan, 'code' | 'reason'> => ({
  code: RESOLUTION_CODES[action],
  reason: by === POLICY ? 'by the policy key_conflict of the connection' : 'decided by hand',
});

function conflict(code: string, reason: string, record: Present, held: Held): Plan {
  return { ...planNothing('conflict', code, reason, held), ...about(record, held) };
}

const about = ({ mirrored: { identifierKey } }: Present, { holder }: Held): Pick<Plan, 'conflict'> =>
  holder ? { conflict: { identifierKey, holderId: holder.identityId } } : {};

function planNothing(action: 'conflict' | 'invalid', code: string, reason: string, { link }: Held): Plan {
  const identity = link ? { identityId: link.identityId } : {};
  return { action, code, reason, ...identity, events: [], links: [] };
}
