with appended as materialized (
      select stream_id, max(version) as version, max(global_position) as global_position,
        array_agg(global_position order by version) as positions
      from es.append($1::uuid[], $2::text[], $3::bigint[], $4::uuid[], $5::uuid[], $6::text[], $7::smallint[], array(select jsonb_array_elements($8::jsonb)), array(select jsonb_array_elements($9::jsonb))) group by stream_id),
inserted as (insert into identities (id, version, created_position, project_id, identifier_key, name, identity_type, properties, agent_ids, block_ids,
      created_at, updated_at)
    select r.id, a.version, a.positions[r.born_by], r.project_id, r.identifier_key, r.name, r.identity_type, r.properties, r.agent_ids::text[], r.block_ids::text[],
      r.born_at, r.updated_at
    from unnest($10::uuid[], $11::text[], $12::text[], $13::text[], $14::text[], array(select jsonb_array_elements($15::jsonb)), $16::text[], $17::text[], $18::int[], $19::timestamptz[], $20::timestamptz[])
      as r(id, project_id, identifier_key, name, identity_type, properties, agent_ids, block_ids, born_by, born_at, updated_at)
    join appended a on a.stream_id = r.id
    order by r.identifier_key, r.project_id),
updated as (update identities i set version = a.version,
      project_id = r.project_id, identifier_key = r.identifier_key, name = r.name, identity_type = r.identity_type, properties = r.properties, agent_ids = r.agent_ids::text[], block_ids = r.block_ids::text[],
      created_position = coalesce(a.positions[r.born_by], i.created_position),
      created_at = coalesce(r.born_at, i.created_at), updated_at = r.updated_at
    from unnest($21::uuid[], $22::text[], $23::text[], $24::text[], $25::text[], array(select jsonb_array_elements($26::jsonb)), $27::text[], $28::text[], $29::int[], $30::timestamptz[], $31::timestamptz[])
      as r(id, project_id, identifier_key, name, identity_type, properties, agent_ids, block_ids, born_by, born_at, updated_at)
    join appended a on a.stream_id = r.id where i.id = r.id),
gone as (delete from identities i using appended a where i.id = a.stream_id and i.id = any($32::uuid[])),
    gone_properties as (delete from identity_properties p using appended a
      where p.identity_id = a.stream_id and p.identity_id = any($32::uuid[])),
born_properties as (insert into identity_properties (identity_id, key, value, created_position)
    select p.id, p.key, p.value, a.positions[p.born_by]
    from unnest($33::uuid[], $34::text[], $35::text[], $36::int[]) as p(id, key, value, born_by) join appended a on a.stream_id = p.id
    on conflict (identity_id, key) do update set value = excluded.value, created_position = excluded.created_position),
changed_properties as (insert into identity_properties (identity_id, key, value, created_position)
    select p.id, p.key, p.value, coalesce(a.positions[p.born_by], i.created_position)
    from unnest($37::uuid[], $38::text[], $39::text[], $40::int[]) as p(id, key, value, born_by) join appended a on a.stream_id = p.id join identities i on i.id = p.id
    on conflict (identity_id, key) do update set value = excluded.value, created_position = excluded.created_position),
removed_properties as (delete from identity_properties p using unnest($41::uuid[], $42::text[]) as r(id, key)
    join appended a on a.stream_id = r.id where p.identity_id = r.id and p.key = r.key)
select stream_id, version, global_position from appended;
