import type { InlineProjection, StatementParameters, StreamAppend } from '#event-sourcing';
import { IDENTITY_CATEGORY, type IdentityEvent } from '../identity.events.js';
import type { Identity, LiveIdentity } from '../identity.state.js';
import { filterText, toColumn } from './identity.row.js';

type IdentityAppend = StreamAppend<IdentityEvent, Identity>;

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
  const { before, after } = states(append);
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

const insertRow = (append: IdentityAppend, after: LiveIdentity, parameters: StatementParameters): string =>
  `projected as (insert into identities (id, version, created_position, project_id, identifier_key, name,
      identity_type, properties, agent_ids, block_ids, created_at, updated_at)
    select stream_id, version, first_position, ${parameters.add(toColumn(after.projectId), 'text')},
      ${columns(after, parameters).join(', ')}, t, t
    from appended, ${occurredAt(append, parameters)})`;

const updateRow = (append: IdentityAppend, after: LiveIdentity, parameters: StatementParameters): string => {
  const [identifierKey, name, identityType, properties, agentIds, blockIds] = columns(after, parameters);
  return `projected as (update identities i set version = a.version, identifier_key = ${identifierKey}, name = ${name},
      identity_type = ${identityType}, properties = ${properties}, agent_ids = ${agentIds},
      block_ids = ${blockIds}, updated_at = t
    from appended a, ${occurredAt(append, parameters)} where i.id = a.stream_id)`;
};

const columns = (after: LiveIdentity, parameters: StatementParameters): string[] => [
  parameters.add(after.identifierKey, 'text'),
  parameters.add(after.name, 'text'),
  parameters.add(after.identityType, 'text'),
  parameters.add(JSON.stringify([...after.properties.values()]), 'jsonb'),
  parameters.add(after.agentIds, 'text[]'),
  parameters.add(after.blockIds, 'text[]'),
];

/** A column `t` with the time of the last event. */
const occurredAt = (append: IdentityAppend, parameters: StatementParameters): string =>
  `(select ${parameters.add(append.events.at(-1)?.metadata.occurredAt, 'timestamptz')} as t) as at`;

function setProperties({ set }: PropertyChanges, exists: boolean, parameters: StatementParameters): string {
  const keys = parameters.add(
    set.map(([key]) => key),
    'text[]',
  );
  const values = parameters.add(
    set.map(([, value]) => value),
    'text[]',
  );
  const position = exists ? 'i.created_position' : 'a.first_position';
  return `filterable as (insert into identity_properties (identity_id, key, value, created_position)
    select a.stream_id, p.key, p.value, ${position}
    from appended a ${exists ? 'join identities i on i.id = a.stream_id' : ''}, unnest(${keys}, ${values}) as p(key, value)
    ${exists ? 'on conflict (identity_id, key) do update set value = excluded.value' : ''})`;
}

function projectMany(appends: readonly IdentityAppend[], parameters: StatementParameters): string {
  const born = appends.filter((append) => isLive(append.after) && !isLive(append.before));
  const changed = appends.filter((append) => isLive(append.after) && isLive(append.before));
  const gone = appends.filter((append) => !isLive(append.after) && isLive(append.before));
  return [
    born.length > 0 && insertRows(born, parameters),
    changed.length > 0 && updateRows(changed, parameters),
    gone.length > 0 && deleteRows(gone, parameters),
    ...filterableRows(born, false, parameters),
    ...filterableRows(changed, true, parameters),
  ]
    .filter(Boolean)
    .join(',\n');
}

const insertRows = (appends: readonly IdentityAppend[], parameters: StatementParameters): string =>
  `inserted as (insert into identities (id, version, created_position, project_id, identifier_key, name,
      identity_type, properties, agent_ids, block_ids, created_at, updated_at)
    select r.id, a.version, a.first_position, r.project_id, r.identifier_key, r.name, r.identity_type, r.properties,
      r.agent_ids::text[], r.block_ids::text[], r.t, r.t
    from ${rowSource(appends, parameters)} join appended a on a.stream_id = r.id)`;

const updateRows = (appends: readonly IdentityAppend[], parameters: StatementParameters): string =>
  `updated as (update identities i set version = a.version, identifier_key = r.identifier_key, name = r.name,
      identity_type = r.identity_type, properties = r.properties, agent_ids = r.agent_ids::text[],
      block_ids = r.block_ids::text[], updated_at = r.t
    from ${rowSource(appends, parameters)} join appended a on a.stream_id = r.id where i.id = r.id)`;

const deleteRows = (appends: readonly IdentityAppend[], parameters: StatementParameters): string => {
  const ids = parameters.add(appends.map(streamIdOf), 'uuid[]');
  // Joined with `appended`, so that nothing is deleted before the version was checked.
  return `gone as (delete from identities i using appended a where i.id = a.stream_id and i.id = any(${ids})),
    dropped_all as (delete from identity_properties p using appended a
      where p.identity_id = a.stream_id and p.identity_id = any(${ids}))`;
};

/** The rows as parallel arrays; sets travel as array literals, since arrays of arrays cannot be unnested by row. */
function rowSource(appends: readonly IdentityAppend[], parameters: StatementParameters): string {
  const rows = appends.map((append) => append.after as LiveIdentity);
  const arrays = [
    parameters.add(appends.map(streamIdOf), 'uuid[]'),
    parameters.add(
      rows.map(({ projectId }) => toColumn(projectId)),
      'text[]',
    ),
    parameters.add(
      rows.map(({ identifierKey }) => identifierKey),
      'text[]',
    ),
    parameters.add(
      rows.map(({ name }) => name),
      'text[]',
    ),
    parameters.add(
      rows.map(({ identityType }) => identityType),
      'text[]',
    ),
    parameters.add(
      rows.map(({ properties }) => JSON.stringify([...properties.values()])),
      'jsonb[]',
    ),
    parameters.add(
      rows.map(({ agentIds }) => arrayLiteral(agentIds)),
      'text[]',
    ),
    parameters.add(
      rows.map(({ blockIds }) => arrayLiteral(blockIds)),
      'text[]',
    ),
    parameters.add(
      appends.map(({ events }) => events.at(-1)?.metadata.occurredAt),
      'timestamptz[]',
    ),
  ];
  return `unnest(${arrays.join(', ')})
    as r(id, project_id, identifier_key, name, identity_type, properties, agent_ids, block_ids, t)`;
}

function* filterableRows(
  appends: readonly IdentityAppend[],
  exist: boolean,
  parameters: StatementParameters,
) {
  const changes = appends.map((append) => {
    const { before, after } = states(append);
    return { id: append.streamId, ...propertyChanges(before, after as LiveIdentity) };
  });
  const set = changes.flatMap((change) => change.set.map(([key, value]) => ({ id: change.id, key, value })));
  if (set.length > 0) yield insertFilterable(set, exist, parameters);
  const removed = changes.flatMap((change) => change.removed.map((key) => ({ id: change.id, key })));
  if (removed.length > 0) {
    const arrays = `${parameters.add(
      removed.map(({ id }) => id),
      'uuid[]',
    )}, ${parameters.add(
      removed.map(({ key }) => key),
      'text[]',
    )}`;
    yield `dropped as (delete from identity_properties p using unnest(${arrays}) as r(id, key)
      join appended a on a.stream_id = r.id where p.identity_id = r.id and p.key = r.key)`;
  }
}

function insertFilterable(
  set: readonly { id: string; key: string; value: string }[],
  exist: boolean,
  parameters: StatementParameters,
): string {
  const arrays = [
    parameters.add(
      set.map(({ id }) => id),
      'uuid[]',
    ),
    parameters.add(
      set.map(({ key }) => key),
      'text[]',
    ),
    parameters.add(
      set.map(({ value }) => value),
      'text[]',
    ),
  ].join(', ');
  return `${exist ? 'filterable_changed' : 'filterable_born'} as (
    insert into identity_properties (identity_id, key, value, created_position)
    select p.id, p.key, p.value, ${exist ? 'i.created_position' : 'a.first_position'}
    from unnest(${arrays}) as p(id, key, value) join appended a on a.stream_id = p.id
    ${exist ? 'join identities i on i.id = p.id' : ''}
    ${exist ? 'on conflict (identity_id, key) do update set value = excluded.value' : ''})`;
}

interface PropertyChanges {
  readonly set: readonly (readonly [key: string, value: string])[];
  readonly removed: readonly string[];
}

/** How the filterable rows of one identity change. The same map means the events touched no property. */
function propertyChanges(before: Identity, after: LiveIdentity): PropertyChanges {
  if (before.status === 'live' && before.properties === after.properties) return { set: [], removed: [] };
  const was = filterable(before);
  const is = filterable(after);
  return {
    set: [...is].filter(([key, value]) => was.get(key) !== value),
    removed: [...was.keys()].filter((key) => !is.has(key)),
  };
}

function filterable(identity: Identity): Map<string, string> {
  const rows = new Map<string, string>();
  if (identity.status !== 'live') return rows;
  for (const property of identity.properties.values()) {
    const text = filterText(property);
    if (text !== undefined) rows.set(property.key, text);
  }
  return rows;
}

/** The states a command attached to its append: without them there would be nothing to project. */
function states({ streamId, before, after }: IdentityAppend): { before: Identity; after: Identity } {
  if (!before || !after)
    throw new TypeError(`The append to identity ${streamId} carries no states to project`);
  return { before, after };
}

const isLive = (identity: Identity | undefined): boolean => identity?.status === 'live';
const streamIdOf = ({ streamId }: IdentityAppend): string => streamId;
const arrayLiteral = (ids: readonly string[]): string =>
  `{${ids.map((id) => `"${id.replaceAll(/["\\]/g, '\\$&')}"`).join(',')}}`;
