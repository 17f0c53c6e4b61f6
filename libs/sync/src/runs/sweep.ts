import type { Connector } from '#connectors';

/** What a complete listing came to, before anything is deleted. */
export interface SweepSituation {
  /** Rows that the listing showed. */
  readonly listed: number;
  /** Records that are linked and live. */
  readonly bound: number;
  /** Those of them that the listing did not show. */
  readonly candidates: number;
}

export interface SweepObstacle {
  readonly code: 'EMPTY_LISTING' | 'SWEEP_LIMIT';
  readonly message: string;
}

/** So many may go whatever their share is, so that one of three contacts can be deleted. */
export const SWEEP_FLOOR = 5;

/**
 * Why a sweep must not go on, or null. A vendor that shows nothing at all is broken, or shows nothing to this token:
 * that is never taken for deletions. A share of 0 lets nothing go, not even a few.
 */
export function obstacleTo(
  { listed, bound, candidates }: SweepSituation,
  { maxShare, allowed }: { readonly maxShare: number; readonly allowed: boolean },
): SweepObstacle | null {
  if (candidates === 0) return null;
  if (listed === 0) {
    const message = `The CRM listed nothing at all, while ${bound} records are linked: nothing was deleted`;
    return { code: 'EMPTY_LISTING', message };
  }
  if (allowed || candidates <= mostOf(bound, maxShare)) return null;
  const message =
    `${candidates} of ${bound} linked records are missing at the source, and a sweep may delete ` +
    `${mostOf(bound, maxShare)} (sweep_max_share ${maxShare}): nothing was deleted. ` +
    'If they are really gone, start a run with allow_sweep';
  return { code: 'SWEEP_LIMIT', message };
}

const mostOf = (bound: number, maxShare: number): number =>
  maxShare === 0 ? 0 : Math.max(SWEEP_FLOOR, Math.floor(bound * maxShare));

/** Where the vendor reports deletions itself and lists no ids there is nothing to compare with, and nothing to find. */
export const canSweep = ({ listIds, descriptor }: Connector): boolean =>
  listIds !== undefined || ['sweep', 'webhook-only'].includes(descriptor.capabilities.deletes);
