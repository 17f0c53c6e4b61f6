import { type EventMetadata, fold } from '#event-sourcing';
import { identityDecider } from '#identity';
import { uuidv4 } from '#platform';
import { type Diff, diffOf } from './diff.js';
import type { Observation, Present } from './observation.js';
import { type Circumstances, type Plan, plan } from './plan.js';
import type { Roster } from './roster.js';

/** What the plan of one record came to, for the outcome row. */
export interface PlannedRecord {
  readonly observation: Observation;
  readonly plan: Plan;
  readonly diff: Diff | null;
}

export interface PagePlanning extends Omit<Circumstances, 'newIdentityId'> {
  readonly metadataFor: (externalId: string) => EventMetadata;
}

/**
 * Plans the records of a page one after the other. A record whose key is taken waits until the others are through:
 * one of them may give the key up.
 */
export function planPage(
  roster: Roster,
  observations: readonly Observation[],
  planning: PagePlanning,
): PlannedRecord[] {
  const planned: PlannedRecord[] = [];
  let waiting = observations.flatMap((observation) => withMerges(observation, roster));
  for (let progress = true; progress && waiting.length > 0; ) {
    const conflicts: PlannedRecord[] = [];
    for (const observation of waiting) {
      const record = planOne(roster, observation, planning);
      if (record?.plan.action === 'conflict') conflicts.push(record);
      else if (record) planned.push(record);
    }
    progress = conflicts.length < waiting.length;
    waiting = conflicts.map(({ observation }) => observation);
    if (!progress) planned.push(...conflicts);
  }
  return planned;
}

function planOne(
  roster: Roster,
  observation: Observation,
  { metadataFor, ...circumstances }: PagePlanning,
): PlannedRecord | null {
  const made = plan(observation, roster.held(observation), { ...circumstances, newIdentityId: uuidv4() });
  if (!made) return null;
  const diff = diffBy(made, roster);
  roster.accept(made, metadataFor(observation.id));
  return { observation, plan: made, diff };
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
