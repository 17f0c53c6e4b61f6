import type { InlineProjection, StatementParameters } from '#event-sourcing';
import { IDENTITY_CATEGORY } from '../identity.events.js';
import type { LiveIdentity } from '../identity.state.js';
import { type IdentityAppend, statesOf } from './identity.append.js';
import { toColumn } from './identity.row.js';
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

const insertRow = (append: IdentityAppend, after: LiveIdentity, parameters: StatementParameters): string =>
  `projected as (insert into identities (id, version, created_position, project_id, identifier_key, name,
      identity_type, properties, agent_ids, block_ids, created_at, updated_at)
    select stream_id, version, global_position, ${parameters.add(toColumn(after.projectId), 'text')},
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

/** A column `t` with the time of the event. */
const occurredAt = (append: IdentityAppend, parameters: StatementParameters): string =>
  `(select ${parameters.add(append.events.at(-1)?.metadata.occurredAt, 'timestamptz')} as t) as at`;

function setProperties({ set }: PropertyChanges, exists: boolean, parameters: StatementParameters): string {
  const keys = parameters.column(set, 'text', ([key]) => key);
  const values = parameters.column(set, 'text', ([, value]) => value);
  const position = exists ? 'i.created_position' : 'a.global_position';
  return `filterable as (insert into identity_properties (identity_id, key, value, created_position)
    select a.stream_id, p.key, p.value, ${position}
    from appended a ${exists ? 'join identities i on i.id = a.stream_id' : ''}, unnest(${keys}, ${values}) as p(key, value)
    ${exists ? 'on conflict (identity_id, key) do update set value = excluded.value' : ''})`;
}
