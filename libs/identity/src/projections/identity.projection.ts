import type { InlineProjection, StatementParameters } from '#event-sourcing';
import { IDENTITY_CATEGORY } from '../identity.events.js';
import type { LiveIdentity } from '../identity.state.js';
import { type IdentityAppend, statesOf } from './identity.append.js';
import { columnsOf, FILLED_COLUMNS, parameterOf, STATE_TYPES } from './identity.row.js';
import { projectMany } from './identity-batch.projection.js';
import { type PropertyChanges, propertyChanges } from './property-changes.js';

/**
 * Writes `identities` and `identity_properties` in the statement that appends. It writes the state the command has
 * folded, so the row is the fold of the log by construction; the rebuild proves it (identity.rebuild.ts).
 */
export const identityProjection: InlineProjection = {
  category: IDENTITY_CATEGORY,
  one: (append, parameters) => projectOne(append as IdentityAppend, parameters),
  many: (appends, parameters) => projectMany(appends as readonly IdentityAppend[], parameters),
};

function projectOne(append: IdentityAppend, parameters: StatementParameters): string {
  const { before, after } = statesOf(append);
  if (after.status !== 'live') return before.status === 'live' ? deleteRow() : '';
  const changes = propertyChanges(before, after);
  return [
    before.status === 'live' ? updateRow(append, after, parameters) : insertRow(append, after, parameters),
    changes.set.length > 0 && setProperties(changes, before.status === 'live', parameters),
    changes.removed.length > 0 &&
      `dropped as (delete from identity_properties p using appended a
        where p.identity_id = a.stream_id and p.key = any(${parameters.add(changes.removed, 'text[]')}))`,
  ]
    .filter(Boolean)
    .join(',\n');
}

const deleteRow = (): string =>
  `gone as (delete from identities i using appended a where i.id = a.stream_id),
  dropped as (delete from identity_properties p using appended a where p.identity_id = a.stream_id)`;

function insertRow(append: IdentityAppend, after: LiveIdentity, parameters: StatementParameters): string {
  const values = filled(after, parameters);
  return `projected as (insert into identities (id, version, created_position, ${FILLED_COLUMNS.join(', ')},
      created_at, updated_at)
    select stream_id, version, global_position, ${values.join(', ')}, t, t
    from appended, ${occurredAt(append, parameters)})`;
}

function updateRow(append: IdentityAppend, after: LiveIdentity, parameters: StatementParameters): string {
  const values = filled(after, parameters);
  const set = FILLED_COLUMNS.map((column, n) => `${column} = ${values[n]}`);
  return `projected as (update identities i set version = a.version, ${set.join(', ')}, updated_at = t
    from appended a, ${occurredAt(append, parameters)} where i.id = a.stream_id)`;
}

/** A placeholder for each column that the state fills. */
function filled(after: LiveIdentity, parameters: StatementParameters): string[] {
  const columns = columnsOf(after);
  return FILLED_COLUMNS.map((column) => parameters.add(parameterOf(columns, column), STATE_TYPES[column]));
}

/** A column `t` with the time of the event. */
const occurredAt = (append: IdentityAppend, parameters: StatementParameters): string =>
  `(select ${parameters.add(append.events.at(-1)?.metadata.occurredAt, 'timestamptz')} as t) as at`;

function setProperties({ set }: PropertyChanges, exists: boolean, parameters: StatementParameters): string {
  const keys = parameters.column(set, 'text', ([key]) => key);
  const values = parameters.column(set, 'text', ([, value]) => value);
  const position = exists ? 'i.created_position' : 'a.global_position';
  const found = exists ? ' join identities i on i.id = a.stream_id' : '';
  const replaced = exists ? '\n    on conflict (identity_id, key) do update set value = excluded.value' : '';
  return `filterable as (insert into identity_properties (identity_id, key, value, created_position)
    select a.stream_id, p.key, p.value, ${position}
    from appended a${found}, unnest(${keys}, ${values}) as p(key, value)${replaced})`;
}
