import type { StreamAppend } from './event-store.js';
import type { StatementParameters } from './postgres/statement.js';

/**
 * A table that is written in the same statement as the events. It answers SQL in the form of common table
 * expressions (`name as (insert …)`, comma separated) that may read `appended(stream_id, version, global_position,
 * first_position)`: one row per stream, at its new version, with the positions of its last and first new event.
 */
export interface InlineProjection {
  readonly category: string;
  /** One stream: the hot path. */
  one(append: StreamAppend, parameters: StatementParameters): string;
  /** Many streams, with `unnest` over arrays. */
  many(appends: readonly StreamAppend[], parameters: StatementParameters): string;
}
