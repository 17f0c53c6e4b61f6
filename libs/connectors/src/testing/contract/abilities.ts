import { it } from '@jest/globals';

/** What vendors have in different ways. The defaults describe one that can do everything. */
export interface ContractAbilities {
  /** `refreshAuth` works in this world. */
  readonly oauth: boolean;
  /** Refresh tokens are good for one use: the world's `rotateRefreshTokens` switches that on. */
  readonly rotatingRefresh: boolean;
  readonly restore: boolean;
  /** `erase` leaves nothing: not even a list of the deleted knows the record. */
  readonly erase: boolean;
  /** The world's people can merge; what is seen of it follows from the descriptor. */
  readonly merge: boolean;
  /** With merges by pointer: the survivor itself names those that ended in it, in an incremental run. */
  readonly mergedIds: boolean;
  /** A commit can show itself later than it is dated. */
  readonly lateCommits: boolean;
  readonly burst: readonly RetryAfterForm[];
  readonly daily: boolean;
  /** A field can be removed from the account while the connector still asks for it. */
  readonly removeField: boolean;
  /** A record can come without a readable id. */
  readonly namelessRecords: boolean;
  /** The webhook's proof covers the URL, and carries its own time. */
  readonly signsUrl: boolean;
  readonly signsTime: boolean;
  readonly rotatesWebhookSecret: boolean;
  /** The kinds that this vendor's webhooks tell apart from a change. */
  readonly webhookKinds: readonly ('delete' | 'restore' | 'erase' | 'merge')[];
  /** More than one page of a backfill, and of a search. */
  readonly manyRecords: number;
  readonly manyChanges: number;
}

/** `vendor`: in a header of the vendor's own. */
export type RetryAfterForm = 'none' | 'seconds' | 'date' | 'vendor';

export const DEFAULT_ABILITIES: ContractAbilities = {
  oauth: true,
  rotatingRefresh: true,
  restore: true,
  erase: true,
  merge: true,
  mergedIds: true,
  lateCommits: true,
  burst: ['none', 'seconds', 'date'],
  daily: true,
  removeField: true,
  namelessRecords: true,
  signsUrl: true,
  signsTime: true,
  rotatesWebhookSecret: true,
  webhookKinds: ['delete', 'restore', 'erase', 'merge'],
  manyRecords: 250,
  manyChanges: 650,
};

/** A test of something that this vendor may not have. */
export const itIf = (able: boolean) => (able ? it : it.skip);
