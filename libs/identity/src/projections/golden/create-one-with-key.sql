with appended as materialized (select *, array[global_position] as positions from es.append_one($1::uuid, $2::text, $3::bigint, $4::uuid, $5::text, $6::smallint, $7::jsonb, $8::jsonb)),
projected as (insert into identities (id, version, created_position, project_id, identifier_key, name, identity_type, properties, agent_ids, block_ids,
      created_at, updated_at)
    select stream_id, version, global_position, $9::text, $10::text, $11::text, $12::text, $13::jsonb, $14::text[], $15::text[], t, t
    from appended, (select $16::timestamptz as t) as at),
filterable as (insert into identity_properties (identity_id, key, value, created_position)
    select a.stream_id, p.key, p.value, a.global_position
    from appended a, unnest($17::text[], $18::text[]) as p(key, value)),
command as (insert into es.commands (idempotency_key, request_hash, result)
    select $19::text, $20::bytea,
      $21::jsonb from appended limit 1)
select stream_id, version, global_position from appended;
