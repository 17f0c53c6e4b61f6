export interface SourceRecord {
  readonly stream: string;
  readonly id: string;
  /** When it was changed last, by the vendor's clock; null: the vendor does not say, and nothing counts as stale. */
  readonly updatedAt: string | null;
  /** Still readable, and as good as deleted. */
  readonly archived?: boolean;
  /** Ids that ended in this record by a merge: their links belong here now. */
  readonly mergedIds?: readonly string[];
  /** What the mapping sees. */
  readonly raw: unknown;
}

/** A record that could not be read; its neighbours on the page are not affected. */
export interface RejectedRecord {
  /** As far as there is one. */
  readonly id: string | null;
  readonly code: 'INVALID_RECORD' | 'INVALID_UTF8';
  /** What is wrong and where, for a person. */
  readonly reason: string;
  readonly raw: unknown;
}

export interface Page<Cursor> {
  readonly records: readonly SourceRecord[];
  readonly rejected: readonly RejectedRecord[];
  /** Where to go on when this page is committed. */
  readonly next: Cursor;
  /** True on the last page, and there alone. */
  readonly done: boolean;
  /** The vendor's clock when it answered, from its `Date` header. */
  readonly serverDate: Date | null;
  /** How many records the whole listing has, where the vendor says so: for estimates only. */
  readonly total?: number;
}

export interface IdPage<Cursor> {
  readonly ids: readonly string[];
  readonly next: Cursor;
  readonly done: boolean;
  readonly serverDate: Date | null;
}

export type FetchedRecord =
  | { readonly status: 'found'; readonly record: SourceRecord }
  /** The vendor does not know the id, or no longer. */
  | { readonly status: 'gone' }
  /** It ended in another; `record` is that one where the vendor gave it along. */
  | { readonly status: 'merged'; readonly mergedInto: string; readonly record: SourceRecord | null }
  | { readonly status: 'rejected'; readonly rejected: RejectedRecord };
