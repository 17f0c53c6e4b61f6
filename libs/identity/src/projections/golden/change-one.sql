with appended as materialized (select *, array[global_position] as positions from es.append_one($1::uuid, $2::text, $3::bigint, $4::uuid, $5::text, $6::smallint, $7::jsonb, $8::jsonb)),
projected as (update identities i set version = a.version, project_id = $9::text, identifier_key = $10::text, name = $11::text, identity_type = $12::text, properties = $13::jsonb, agent_ids = $14::text[], block_ids = $15::text[], updated_at = t
    from appended a, (select $16::timestamptz as t) as at where i.id = a.stream_id),
filterable as (insert into identity_properties (identity_id, key, value, created_position)
    select a.stream_id, p.key, p.value, i.created_position
    from appended a join identities i on i.id = a.stream_id, unnest($17::text[], $18::text[]) as p(key, value)
    on conflict (identity_id, key) do update set value = excluded.value),
dropped as (delete from identity_properties p using appended a
        where p.identity_id = a.stream_id and p.key = any($19::text[]))
select stream_id, version, global_position from appended;
