export const KEY_RESOLUTIONS = ['merge', 'keep', 'rekey'] as const;

/** What becomes of a record whose key another identity has. */
export interface KeyResolution {
  readonly action: (typeof KEY_RESOLUTIONS)[number];
  /** `rekey`: the key that the record's identity gets instead. */
  readonly identifierKey?: string | undefined;
  /** What it was decided about; when the record wants another key, or somebody else has it by now: nothing. */
  readonly about?: { readonly identifierKey: string; readonly holderId: string };
  /** Who decided: `policy`, or an actor. */
  readonly by: string;
}

/** As outcome rows say it. */
export const RESOLUTION_CODES = {
  merge: 'CONFLICT_MERGED',
  keep: 'CONFLICT_KEPT',
  rekey: 'CONFLICT_REKEYED',
} as const satisfies Record<KeyResolution['action'], string>;

/** Why a record's outcome is `unchanged` although it cannot be taken. */
export const DISCARDED_CODE = 'DISCARDED';

export const POLICY = 'policy';

/** Nothing is decided by `hold`. */
export function policyResolution(policy: 'hold' | 'merge' | 'keep_old'): KeyResolution | undefined {
  if (policy === 'hold') return undefined;
  return { action: policy === 'merge' ? 'merge' : 'keep', by: POLICY };
}
