/** Streams in one append of a batch. */
export const BATCH = 100;

/** The store's two tables with their columns and indexes, without its functions and its append-only trigger. */
export const PLAIN_TABLES = [
  'create schema plain',
  'create table plain.streams (like es.streams including all)',
  'create table plain.events (like es.events including all)',
  'create sequence plain.global_position',
];

const EVENT_COLUMNS = 'global_position, stream_id, version, event_id, type, schema_version, data, meta';

/** One event of one new stream. `:data` and `:meta` are bound, as a client's values are. */
export const PLAIN_ONE = `with stream as (
  insert into plain.streams (stream_id, category, version) values (gen_random_uuid(), 'bench', 1) returning stream_id
) insert into plain.events (${EVENT_COLUMNS})
select nextval('plain.global_position'), stream_id, 1, gen_random_uuid(), 'IdentityCreated', 1, :data::jsonb, :meta::jsonb
from stream;
`;

/** The same rows for a batch of streams, in one statement. */
export const PLAIN_BATCH = `with row as materialized (
  select gen_random_uuid() as stream_id, gen_random_uuid() as event_id, data, meta
  from unnest(:datas::jsonb[], :metas::jsonb[]) as given(data, meta)
), stream as (
  insert into plain.streams (stream_id, category, version) select stream_id, 'bench', 1 from row
) insert into plain.events (${EVENT_COLUMNS})
select nextval('plain.global_position'), stream_id, 1, event_id, 'IdentityCreated', 1, data, meta from row;
`;
