import { type EventMetadata, fold } from '#event-sourcing';
import { identityDecider } from '#identity';
import { uuidv4 } from '#platform';
import { type Diff, diffOf } from './diff.js';
import type { KeyResolution } from './key-resolution.js';
import type { Observation, Present } from './observation.js';
import { type Circumstances, type Plan, plan } from './plan.js';
import type { Roster } from './roster.js';

/** What the plan of one record came to, for the outcome row. */
export interface PlannedRecord {
  readonly observation: Observation;
  readonly plan: Plan;
  readonly diff: Diff | null;
}

export interface PagePlanning extends Omit<Circumstances, 'newIdentityId' | 'resolution'> {
  readonly metadataFor: (externalId: string) => EventMetadata;
  /** What is decided about a record, should its key be taken. */
  readonly resolutionFor?: (externalId: string) => KeyResolution | undefined;
  /** Asked about records that wait for keys nobody gives up, before anything is decided about them; no: they go on waiting. */
  readonly mayDecide?: (conflicts: readonly PlannedRecord[]) => boolean;
}

/**
 * Plans the records of a page one after the other. A record whose key is taken waits until the others are through:
 * one of them may give the key up. Records that wait for each other exchange their keys. What still waits then is
 * decided, by a person or a policy, or is a conflict.
 */
export function planPage(
  roster: Roster,
  observations: readonly Observation[],
  planning: PagePlanning,
): PlannedRecord[] {
  const planned: PlannedRecord[] = [];
  let waiting = observations.flatMap((observation) => withMerges(observation, roster));
  while (waiting.length > 0) {
    const { through, conflicts, again } = planAll(waiting, roster, planning);
    planned.push(...through);
    if (conflicts.length < waiting.length) {
      waiting = [...again, ...conflicts.map(observed)];
      continue;
    }
    const ring = exchanges(conflicts, roster, planning);
    roster.releaseKeys(ring.flatMap(({ plan: { identityId } }) => identityId ?? []));
    // Those that exchange come first: others may want the same keys.
    waiting = [...ring, ...conflicts.filter((conflict) => !ring.includes(conflict))].map(observed);
    if (ring.length > 0) continue;
    if (planning.mayDecide?.(conflicts) === false) return [...planned, ...conflicts];
    const decided = planAll(waiting, roster, planning, planning.resolutionFor);
    planned.push(...decided.through);
    if (decided.conflicts.length === waiting.length) return [...planned, ...decided.conflicts];
    waiting = [...decided.again, ...decided.conflicts.map(observed)];
  }
  return planned;
}

const observed = ({ observation }: PlannedRecord): Observation => observation;

interface Pass {
  readonly through: readonly PlannedRecord[];
  readonly conflicts: readonly PlannedRecord[];
  /** Records whose identity ended in another one, which they mirror next. */
  readonly again: readonly Observation[];
}

function planAll(
  observations: readonly Observation[],
  roster: Roster,
  planning: PagePlanning,
  resolutionFor: PagePlanning['resolutionFor'] = () => undefined,
): Pass {
  const through: PlannedRecord[] = [];
  const conflicts: PlannedRecord[] = [];
  const again: Observation[] = [];
  for (const observation of observations) {
    const record = planOne(roster, observation, planning, resolutionFor(observation.id));
    if (!record) continue;
    const { action } = record.plan;
    (action === 'conflict' ? conflicts : through).push(record);
    if (action === 'merge' && observation.kind === 'present') again.push(observation);
  }
  return { through, conflicts, again };
}

/**
 * The conflicting records that can exchange their keys: each wants the key of the next one, and the last one that of
 * the first. Whoever wants a key that nobody of them gives up, or has one that nobody of them wants, is left out, until
 * only rings remain.
 */
function exchanges(
  conflicts: readonly PlannedRecord[],
  roster: Roster,
  planning: PagePlanning,
): PlannedRecord[] {
  const byIdentity = new Map<string, PlannedRecord>();
  for (const conflict of conflicts) {
    const { identityId } = conflict.plan;
    if (identityId === undefined || roster.stateOf(identityId).status !== 'live') continue;
    if (!byIdentity.has(identityId) && couldTakeKey(conflict, roster, planning))
      byIdentity.set(identityId, conflict);
  }
  for (let size = -1; size !== byIdentity.size; ) {
    size = byIdentity.size;
    const wanted = new Set([...byIdentity.values()].map(({ plan: made }) => made.conflict?.holderId));
    for (const [identityId, { plan: made }] of byIdentity)
      if (!wanted.has(identityId) || !byIdentity.has(made.conflict?.holderId ?? ''))
        byIdentity.delete(identityId);
  }
  return [...byIdentity.values()];
}

/** An identity must not let go of its key when something else forbids it the new one. */
function couldTakeKey(
  { observation }: PlannedRecord,
  roster: Roster,
  { metadataFor, resolutionFor, mayDecide, ...circumstances }: PagePlanning,
): boolean {
  const record = asHeld(observation, roster);
  const held = { ...roster.held(record), holder: undefined };
  return plan(record, held, { ...circumstances, newIdentityId: uuidv4() })?.action !== 'invalid';
}

function planOne(
  roster: Roster,
  observation: Observation,
  { metadataFor, resolutionFor, mayDecide, ...circumstances }: PagePlanning,
  resolution: KeyResolution | undefined,
): PlannedRecord | null {
  const held = roster.held(asHeld(observation, roster), resolution?.identifierKey);
  const newIdentityId = uuidv4();
  const made = plan(asHeld(observation, roster), held, { ...circumstances, newIdentityId, resolution });
  if (!made) return null;
  const diff = diffBy(made, roster);
  roster.accept(made, metadataFor(observation.id));
  return { observation, plan: made, diff };
}

/** The record with the key that its identity keeps by a resolution, as long as it says what was decided about. */
function asHeld(observation: Observation, roster: Roster): Observation {
  if (observation.kind !== 'present') return observation;
  const link = roster.linkOf(observation.id);
  const { mirrored } = observation;
  if (!link?.hold || link.mergedInto !== null || link.hold.insteadOf !== mirrored.identifierKey)
    return observation;
  const identity = roster.stateOf(link.identityId);
  const identifierKey = identity.status === 'live' ? identity.identifierKey : link.hold.key;
  const hold = { ...link.hold, key: identifierKey };
  return { ...observation, hold, mirrored: { ...mirrored, identifierKey } };
}

/** A deletion takes everything: there is nothing to show field by field. */
function diffBy({ events, identityId, action }: Plan, roster: Roster): Diff | null {
  if (identityId === undefined || events.length === 0 || action === 'delete' || action === 'merge')
    return null;
  const before = roster.stateOf(identityId);
  return diffOf(before, fold(identityDecider, events, before));
}

/**
 * The records that ended in this one come first, so that their keys are free. The first of them hands its identity
 * down when the survivor has none: the one that has the survivor's key, else one that is live.
 */
function withMerges(observation: Observation, roster: Roster): Observation[] {
  if (observation.kind !== 'present' || observation.mergedIds.length === 0) return [observation];
  const { id: into } = observation;
  const ids = observation.mergedIds.filter((id) => id !== into);
  const ranked = ids.sort((a, b) => rank(b, observation, roster) - rank(a, observation, roster));
  return [...ranked.map((id): Observation => ({ kind: 'merged', id, into })), observation];
}

function rank(mergedId: string, { mirrored }: Present, roster: Roster): number {
  const link = roster.linkOf(mergedId);
  if (!link || link.mergedInto !== null) return 0;
  if (roster.holderOf(mirrored.identifierKey)?.identityId === link.identityId) return 3;
  return roster.stateOf(link.identityId).status === 'live' ? 2 : 1;
}
