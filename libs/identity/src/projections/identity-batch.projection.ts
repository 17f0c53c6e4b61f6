import type { StatementParameters } from '#event-sourcing';
import type { LiveIdentity } from '../identity.state.js';
import { type IdentityAppend, statesOf } from './identity.append.js';
import { columnsOf, FILLED_COLUMNS, parameterOf, STATE_TYPES } from './identity.row.js';
import { propertyChanges, rebornProperties } from './property-changes.js';

/** Writes the rows of many identities, by what becomes of each: it appears, changes or goes. */
export function projectMany(appends: readonly IdentityAppend[], parameters: StatementParameters): string {
  const projected = appends.map(toProjected);
  const live = projected.filter(isLive);
  const born = live.filter(({ existed }) => !existed);
  const changed = live.filter(({ existed }) => existed);
  const gone = projected.filter(({ after, existed }) => !after && existed);
  return [
    born.length > 0 && insertRows(born, parameters),
    changed.length > 0 && updateRows(changed, parameters),
    gone.length > 0 && deleteRows(gone, parameters),
    setProperties('born_properties', born, parameters),
    setProperties('changed_properties', changed, parameters, 'join identities i on i.id = p.id'),
    removeProperties(changed, parameters),
  ]
    .filter(Boolean)
    .join(',\n');
}

interface Projected {
  readonly append: IdentityAppend;
  readonly existed: boolean;
  readonly after: LiveIdentity | undefined;
  /** Which of the events made the identity that lives now, counted from 1; none when it lived before. */
  readonly bornBy: number | null;
}
type Live = Projected & { readonly after: LiveIdentity };

function toProjected(append: IdentityAppend): Projected {
  const { before, after } = statesOf(append);
  const born = append.events.findLastIndex(({ type }) => type === 'IdentityCreated');
  return {
    append,
    existed: before.status === 'live',
    after: after.status === 'live' ? after : undefined,
    bornBy: born < 0 ? null : born + 1,
  };
}

const isLive = (projected: Projected): projected is Live => projected.after !== undefined;
const idOf = ({ append }: Projected): string => append.streamId;

// By key, so that two batches wait for each other's keys in one order and cannot deadlock.
const insertRows = (born: readonly Live[], parameters: StatementParameters): string =>
  `inserted as (insert into identities (id, version, created_position, ${FILLED_COLUMNS.join(', ')},
      created_at, updated_at)
    select r.id, a.version, a.positions[r.born_by], ${FILLED_COLUMNS.map(fromSource).join(', ')},
      r.born_at, r.updated_at
    from ${rowSource(born, parameters)}
    join appended a on a.stream_id = r.id
    order by r.identifier_key, r.project_id)`;

const updateRows = (changed: readonly Live[], parameters: StatementParameters): string =>
  `updated as (update identities i set version = a.version,
      ${FILLED_COLUMNS.map((column) => `${column} = ${fromSource(column)}`).join(', ')},
      created_position = coalesce(a.positions[r.born_by], i.created_position),
      created_at = coalesce(r.born_at, i.created_at), updated_at = r.updated_at
    from ${rowSource(changed, parameters)}
    join appended a on a.stream_id = r.id where i.id = r.id)`;

// Joined with `appended`, so that nothing is deleted before the versions were checked.
function deleteRows(gone: readonly Projected[], parameters: StatementParameters): string {
  const ids = parameters.column(gone, 'uuid', idOf);
  return `gone as (delete from identities i using appended a where i.id = a.stream_id and i.id = any(${ids})),
    gone_properties as (delete from identity_properties p using appended a
      where p.identity_id = a.stream_id and p.identity_id = any(${ids}))`;
}

/** The rows `r` as parallel arrays: what their states fill, which event bore them (from 1), when, and when they changed. */
function rowSource(rows: readonly Live[], parameters: StatementParameters): string {
  const states = rows.map(({ after }) => columnsOf(after));
  const columns = [
    parameters.column(rows, 'uuid', idOf),
    ...FILLED_COLUMNS.map((column) =>
      isArray(column)
        ? parameters.column(states, 'text', (state) => arrayLiteral(state[column]))
        : parameters.column(states, STATE_TYPES[column], (state) => parameterOf(state, column)),
    ),
    parameters.column(rows, 'int', ({ bornBy }) => bornBy),
    parameters.column(rows, 'timestamptz', ({ append, bornBy }) => bornBy && timeOf(append, bornBy)),
    parameters.column(rows, 'timestamptz', ({ append }) => timeOf(append, append.events.length)),
  ];
  return `unnest(${columns.join(', ')})
      as r(id, ${FILLED_COLUMNS.join(', ')}, born_by, born_at, updated_at)`;
}

/** Sets travel as array literals, since arrays of arrays cannot be unnested by row. */
const fromSource = (column: (typeof FILLED_COLUMNS)[number]): string =>
  isArray(column) ? `r.${column}::${STATE_TYPES[column]}` : `r.${column}`;

const isArray = (column: (typeof FILLED_COLUMNS)[number]): column is 'agent_ids' | 'block_ids' =>
  STATE_TYPES[column] === 'text[]';

/** `join` finds the created position of rows that were there before; new ones spare it. */
function setProperties(
  name: string,
  rows: readonly Live[],
  parameters: StatementParameters,
  join = '',
): string {
  const set = rows.flatMap((row) => changesOf(row).set.map(([key, value]) => ({ row, key, value })));
  if (set.length === 0) return '';
  const columns = [
    parameters.column(set, 'uuid', ({ row }) => idOf(row)),
    parameters.column(set, 'text', ({ key }) => key),
    parameters.column(set, 'text', ({ value }) => value),
    parameters.column(set, 'int', ({ row }) => row.bornBy),
  ];
  const position = join ? 'coalesce(a.positions[p.born_by], i.created_position)' : 'a.positions[p.born_by]';
  return `${name} as (insert into identity_properties (identity_id, key, value, created_position)
    select p.id, p.key, p.value, ${position}
    from unnest(${columns.join(', ')}) as p(id, key, value, born_by) join appended a on a.stream_id = p.id ${join}
    on conflict (identity_id, key) do update set value = excluded.value, created_position = excluded.created_position)`;
}

function removeProperties(rows: readonly Live[], parameters: StatementParameters): string {
  const removed = rows.flatMap((row) => changesOf(row).removed.map((key) => ({ id: idOf(row), key })));
  if (removed.length === 0) return '';
  const ids = parameters.column(removed, 'uuid', ({ id }) => id);
  const keys = parameters.column(removed, 'text', ({ key }) => key);
  return `removed_properties as (delete from identity_properties p using unnest(${ids}, ${keys}) as r(id, key)
    join appended a on a.stream_id = r.id where p.identity_id = r.id and p.key = r.key)`;
}

function changesOf({ append, after, existed, bornBy }: Live) {
  const { before } = statesOf(append);
  return existed && bornBy !== null ? rebornProperties(before, after) : propertyChanges(before, after);
}

/** When the event happened that is counted from 1. */
const timeOf = ({ events }: IdentityAppend, count: number): string | undefined =>
  events[count - 1]?.metadata.occurredAt;

const arrayLiteral = (ids: readonly string[]): string =>
  `{${ids.map((id) => `"${id.replaceAll(/["\\]/g, '\\$&')}"`).join(',')}}`;
