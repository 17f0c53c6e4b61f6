import type { StreamAppend } from '../event-store.js';
import type { StatementParameters } from './statement.js';

/**
 * A table that is written in the same statement as the events. It answers SQL in the form of common table
 * expressions (`name as (insert …)`, comma separated) that may read `appended(stream_id, version, global_position,
 * positions)`: one row per stream, at its new version, with the position of its last new event and an array of all.
 */
export interface InlineProjection {
  readonly category: string;
  /** One stream: the hot path. */
  one(append: StreamAppend, parameters: StatementParameters): string;
  /** Many streams, with `unnest` over arrays. */
  many(appends: readonly StreamAppend[], parameters: StatementParameters): string;
}
