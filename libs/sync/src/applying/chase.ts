import { isBound, type Link } from '../links/link.js';
import { type KeyResolution, POLICY } from '../records/key-resolution.js';
import type { Observation } from '../records/observation.js';
import type { PlannedRecord } from '../records/plan-page.js';
import type { Roster } from '../records/roster.js';
import type { BatchRules } from './record-batch.js';

/** How far records of a batch were asked for themselves: a listing may lag behind, so it alone decides nothing. */
export interface Chase {
  readonly asked: ReadonlySet<string>;
  /** No more of them. */
  readonly isOver: boolean;
}

const MAX_HOLDERS = 100;

/**
 * Records of which a listing contradicts what we hold of their life, and that were not asked for yet: a search index
 * still shows what was archived, an archive what was restored.
 */
export const contradicted = (
  observations: readonly Observation[],
  roster: Roster,
  { asked }: Chase,
): string[] =>
  observations
    .filter((observation) => contradicts(observation, roster.linkOf(observation.id)))
    .map(({ id }) => id)
    .filter((id) => !asked.has(id));

function contradicts(observation: Observation, link: Link | undefined): boolean {
  if (!link) return false;
  if (observation.kind === 'present') return !isBound(link);
  return observation.kind === 'gone' && isBound(link);
}

/**
 * Records that wait for keys nobody gives up: they and those that hold the keys have to be asked for before anything is
 * decided about them; where there are too many of them, no policy decides.
 */
export class Standstill {
  /** What has to be asked for first. */
  wanted: readonly string[] = [];
  private readonly unclear = new Set<string>();

  constructor(
    private readonly roster: Roster,
    private readonly rules: BatchRules,
    private readonly chase: Chase,
  ) {}

  mayDecide(conflicts: readonly PlannedRecord[]): boolean {
    const wanted = new Set<string>();
    for (const conflict of conflicts) {
      const unasked = this.unaskedOf(conflict);
      if (unasked.length > 0) this.unclear.add(conflict.observation.id);
      for (const id of unasked) wanted.add(id);
    }
    if (!this.chase.isOver) this.wanted = [...wanted].slice(0, MAX_HOLDERS);
    return this.wanted.length === 0;
  }

  resolutionFor(externalId: string): KeyResolution | undefined {
    const resolution = this.rules.resolutionFor?.(externalId);
    return resolution?.by === POLICY && this.unclear.has(externalId) ? undefined : resolution;
  }

  /** Nobody needs to be asked about a key that no record of the stream holds. */
  private unaskedOf({ observation, plan }: PlannedRecord): string[] {
    const holders = plan.conflict ? this.roster.recordsOf(plan.conflict.holderId) : [];
    if (holders.length === 0) return [];
    return [observation.id, ...holders].filter((id) => !this.chase.asked.has(id));
  }
}
