with appended as materialized (select *, array[global_position] as positions from es.append_one($1::uuid, $2::text, $3::bigint, $4::uuid, $5::text, $6::smallint, $7::jsonb, $8::jsonb)),
gone as (delete from identities i using appended a where i.id = a.stream_id),
  dropped as (delete from identity_properties p using appended a where p.identity_id = a.stream_id)
select stream_id, version, global_position from appended;
