-- What all migrations together make, for reading. Written by scripts/write-schema.mjs: change a migration, not this file.

create sequence es.global_position as bigint start 1 increment 1 cache 1;

CREATE OR REPLACE FUNCTION es.append(p_streams uuid[], p_categories text[], p_expected bigint[], e_stream uuid[], e_id uuid[], e_type text[], e_schema smallint[], e_data jsonb[], e_meta jsonb[])
 RETURNS TABLE(stream_id uuid, version bigint, global_position bigint)
 LANGUAGE plpgsql
AS $function$
#variable_conflict use_column
declare got int;
begin
  -- Publish the watermark before any position is drawn: all positions of this transaction are greater than the key.
  -- Shared and transaction-scoped: it waits for nobody and is released only once the rows are visible.
  -- IF evaluates it in place, where PERFORM and a sub-select would start a query, as dear as a third of the append.
  if pg_advisory_xact_lock_shared((7744::bigint << 44) | pg_sequence_last_value('es.global_position')) is null then
    raise exception 'es.global_position has no last value to publish';
  end if;
  -- Streams in a fixed order, so that two batches over the same streams cannot deadlock.
  if 0 = all (p_expected) then
    -- New streams alone, as imports append them: without ON CONFLICT and its joins a third of our own time is saved.
    with born as (
      insert into es.streams as t (stream_id, category, version)
      select s.id, s.cat, c.n
      from unnest(p_streams, p_categories) as s(id, cat)
      join (select x as id, count(*) as n from unnest(e_stream) as x group by x) c using (id)
      order by s.id
      returning t.version
    )
    select coalesce(sum(b.version), 0) from born b into got;
    if got <> cardinality(e_stream) then
      raise exception 'an event names a stream that is not appended to' using errcode = 'ES001';
    end if;
    return query
    insert into es.events as ne (global_position, stream_id, version, event_id, type, schema_version, data, meta)
    select nextval('es.global_position'), ev.sid, ev.rn, ev.id, ev.typ, ev.sch, ev.dat, ev.met
    from (
      select e.*, row_number() over (partition by e.sid order by e.ord) as rn
      from unnest(e_stream, e_id, e_type, e_schema, e_data, e_meta)
           with ordinality as e(sid, id, typ, sch, dat, met, ord)
      order by e.ord
    ) ev
    returning ne.stream_id, ne.version, ne.global_position;
    return;
  end if;
  return query
  with want as (
    select s.id, s.cat, s.exp, c.n
    from unnest(p_streams, p_categories, p_expected) as s(id, cat, exp)
    join (select x as id, count(*) as n from unnest(e_stream) as x group by x) c using (id)
  ), bumped as (
    insert into es.streams as t (stream_id, category, version)
    select id, cat, n from want order by id
    on conflict on constraint streams_pkey do update set version = t.version + excluded.version
    where t.archived_at is null
    returning t.stream_id, t.version
  ), checked as (
    select b.stream_id, b.version - w.n as base
    from bumped b join want w on w.id = b.stream_id
    where w.exp = -1 or w.exp = b.version - w.n
  ), ev as (
    select e.*, row_number() over (partition by e.sid order by e.ord) as rn
    from unnest(e_stream, e_id, e_type, e_schema, e_data, e_meta)
         with ordinality as e(sid, id, typ, sch, dat, met, ord)
  )
  insert into es.events as ne (global_position, stream_id, version, event_id, type, schema_version, data, meta)
  select nextval('es.global_position'), c.stream_id, c.base + ev.rn, ev.id, ev.typ, ev.sch, ev.dat, ev.met
  from ev join checked c on c.stream_id = ev.sid
  order by ev.ord
  returning ne.stream_id, ne.version, ne.global_position;

  get diagnostics got = row_count;
  if got <> cardinality(e_stream) then
    raise exception 'wrong expected version' using errcode = 'ES001';
  end if;
end $function$;

CREATE OR REPLACE FUNCTION es.append_one(p_stream uuid, p_category text, p_expected bigint, p_id uuid, p_type text, p_schema smallint, p_data jsonb, p_meta jsonb, OUT stream_id uuid, OUT version bigint, OUT global_position bigint)
 RETURNS record
 LANGUAGE plpgsql
AS $function$
#variable_conflict use_column
begin
  if pg_advisory_xact_lock_shared((7744::bigint << 44) | pg_sequence_last_value('es.global_position')) is null then
    raise exception 'es.global_position has no last value to publish';
  end if;
  append_one.stream_id := p_stream;
  if p_expected = 0 then
    -- Most appends create a stream; ON CONFLICT would cost each of them a second look at the index.
    insert into es.streams (stream_id, category, version) values (p_stream, p_category, 1);
    append_one.version := 1;
  elsif p_expected > 0 then
    update es.streams t set version = t.version + 1
      where t.stream_id = p_stream and t.version = p_expected and t.archived_at is null
      returning t.version into append_one.version;
  else
    insert into es.streams as t (stream_id, category, version) values (p_stream, p_category, 1)
    on conflict on constraint streams_pkey do update set version = t.version + 1 where t.archived_at is null
    returning t.version into append_one.version;
  end if;
  if append_one.version is null then
    raise exception 'wrong expected version' using errcode = 'ES001';
  end if;
  append_one.global_position := nextval('es.global_position');
  insert into es.events (global_position, stream_id, version, event_id, type, schema_version, data, meta)
  values (append_one.global_position, p_stream, append_one.version, p_id, p_type, p_schema, p_data, p_meta);
end $function$;

CREATE OR REPLACE FUNCTION es.refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  raise exception 'es.events is append-only: % refused', tg_op using errcode = 'ES002';
end $function$;

CREATE OR REPLACE FUNCTION es.safe_position()
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
declare l bigint; w bigint;
begin
  select last_value into l from es.global_position;
  select min(((classid::bigint & 4095) << 32) | objid::bigint) into w
    from pg_locks
   where locktype = 'advisory' and objsubid = 1 and classid::bigint >> 12 = 7744 and granted
     and database = (select oid from pg_database where datname = current_database());
  return least(l, coalesce(w, l));
end $function$;

create table es.checkpoints (
  subscription text not null,
  "position" bigint not null,
  owner uuid,
  updated_at timestamp(6) with time zone default CURRENT_TIMESTAMP not null,
  constraint checkpoints_pkey PRIMARY KEY (subscription)
);

create table es.commands (
  idempotency_key text not null,
  request_hash bytea not null,
  result jsonb not null,
  created_at timestamp(6) with time zone default CURRENT_TIMESTAMP not null,
  constraint commands_pkey PRIMARY KEY (idempotency_key)
);
CREATE INDEX commands_created_at ON es.commands USING btree (created_at);

create table es.events (
  global_position bigint not null,
  stream_id uuid not null,
  version bigint not null,
  event_id uuid not null,
  type text not null,
  schema_version smallint default 1 not null,
  data jsonb not null,
  meta jsonb default '{}'::jsonb not null,
  recorded_at timestamp(6) with time zone default clock_timestamp() not null,
  constraint events_pkey PRIMARY KEY (stream_id, version)
) with (autovacuum_vacuum_insert_scale_factor=0.02, autovacuum_analyze_scale_factor=0.02);
CREATE UNIQUE INDEX events_event_id ON es.events USING btree (event_id);
CREATE UNIQUE INDEX events_position ON es.events USING btree (global_position);
CREATE TRIGGER events_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON es.events FOR EACH STATEMENT EXECUTE FUNCTION es.refuse_change();

create table es.streams (
  stream_id uuid not null,
  category text not null,
  version bigint not null,
  archived_at timestamp(6) with time zone,
  constraint streams_pkey PRIMARY KEY (stream_id)
) with (fillfactor=85);

create table public.api_keys (
  id uuid not null,
  name text not null,
  hash bytea not null,
  hint text not null,
  scopes text[],
  project_ids text[] default ARRAY[]::text[],
  created_at timestamp(3) with time zone default CURRENT_TIMESTAMP not null,
  revoked_at timestamp(3) with time zone,
  constraint api_keys_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX api_keys_hash ON public.api_keys USING btree (hash);

create table public.conflicts (
  id uuid not null,
  connection_id uuid not null,
  stream text not null,
  external_id text not null,
  identity_id uuid,
  identifier_key text not null,
  holder_identity_id uuid not null,
  holder_stream text,
  holder_external_id text,
  status text default 'open'::text not null,
  resolution text,
  resolved_by text,
  created_at timestamp(3) with time zone default CURRENT_TIMESTAMP not null,
  updated_at timestamp(3) with time zone default CURRENT_TIMESTAMP not null,
  resolved_at timestamp(3) with time zone,
  constraint conflicts_pkey PRIMARY KEY (id)
);
CREATE INDEX conflicts_connection ON public.conflicts USING btree (connection_id, id);
CREATE UNIQUE INDEX conflicts_one_open ON public.conflicts USING btree (connection_id, stream, external_id) WHERE (status = 'open'::text);
CREATE INDEX conflicts_record ON public.conflicts USING btree (connection_id, stream, external_id);

create table public.connections (
  id uuid not null,
  kind text not null,
  name text not null,
  project_id text default ''::text not null,
  settings jsonb default '{}'::jsonb not null,
  secrets bytea not null,
  secrets_version integer default 1 not null,
  mapping jsonb not null,
  mapping_version integer default 1 not null,
  every_seconds integer,
  policies jsonb default '{}'::jsonb not null,
  status text default 'active'::text not null,
  status_reason text,
  paused_until timestamp(3) with time zone,
  account_id text,
  created_at timestamp(3) with time zone default CURRENT_TIMESTAMP not null,
  updated_at timestamp(3) with time zone default CURRENT_TIMESTAMP not null,
  cron text,
  time_zone text default 'UTC'::text not null,
  next_run_at timestamp(3) with time zone,
  secret_fingerprints jsonb default '{}'::jsonb not null,
  constraint connections_pkey PRIMARY KEY (id),
  constraint connections_one_schedule CHECK (((cron IS NULL) OR (every_seconds IS NULL)))
);
CREATE UNIQUE INDEX connections_name ON public.connections USING btree (name);

create table public.dead_letters (
  id uuid not null,
  queue text not null,
  job_name text not null,
  job_id text not null,
  job_key text not null,
  payload bytea not null,
  code text not null,
  reason text not null,
  attempts integer not null,
  status text default 'waiting'::text not null,
  failed_at timestamp(3) with time zone not null,
  resolved_at timestamp(3) with time zone,
  constraint dead_letters_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX dead_letters_job_key ON public.dead_letters USING btree (job_key);
CREATE INDEX dead_letters_status ON public.dead_letters USING btree (status, id);

create table public.identities (
  id uuid not null,
  version bigint not null,
  created_position bigint not null,
  project_id text default ''::text not null,
  identifier_key text not null,
  name text not null,
  identity_type text not null,
  properties jsonb default '[]'::jsonb not null,
  agent_ids text[] default ARRAY[]::text[],
  block_ids text[] default ARRAY[]::text[],
  created_at timestamp(3) with time zone not null,
  updated_at timestamp(3) with time zone not null,
  constraint identities_pkey PRIMARY KEY (id)
) with (fillfactor=90);
CREATE UNIQUE INDEX identities_created ON public.identities USING btree (created_position);
CREATE UNIQUE INDEX identities_key ON public.identities USING btree (identifier_key, project_id);
CREATE INDEX identities_project ON public.identities USING btree (project_id, created_position);
CREATE INDEX identities_type ON public.identities USING btree (identity_type, created_position);
CREATE INDEX identities_updated ON public.identities USING btree (updated_at);

create table public.identity_properties (
  identity_id uuid not null,
  key text not null,
  value text not null,
  created_position bigint not null,
  constraint identity_properties_pkey PRIMARY KEY (identity_id, key)
);
CREATE INDEX identity_properties_filter ON public.identity_properties USING btree (key, value, created_position);

create table public.import_chunks (
  import_id uuid not null,
  number integer not null,
  rows bytea storage external not null,
  constraint import_chunks_pkey PRIMARY KEY (import_id, number)
);

create table public.import_rejections (
  import_id uuid not null,
  line bigint not null,
  record json not null,
  reasons jsonb not null,
  constraint import_rejections_pkey PRIMARY KEY (import_id, line)
);

create table public.imports (
  id uuid not null,
  file_name text not null,
  format jsonb not null,
  mapping json not null,
  project_id text default ''::text not null,
  dry_run boolean default false not null,
  status text not null,
  columns text[],
  created_by text not null,
  project_ids text[] default ARRAY[]::text[],
  retry_of uuid,
  bytes_read bigint default 0 not null,
  chunks_stored integer default 0 not null,
  chunks_done integer default 0 not null,
  rows_read bigint default 0 not null,
  rows_created bigint default 0 not null,
  rows_updated bigint default 0 not null,
  rows_unchanged bigint default 0 not null,
  rows_rejected bigint default 0 not null,
  error text,
  created_at timestamp(3) with time zone default CURRENT_TIMESTAMP not null,
  updated_at timestamp(3) with time zone default CURRENT_TIMESTAMP not null,
  finished_at timestamp(3) with time zone,
  constraint imports_pkey PRIMARY KEY (id)
);
CREATE INDEX imports_status ON public.imports USING btree (status, updated_at);

create table public.links (
  connection_id uuid not null,
  stream text not null,
  external_id text not null,
  identity_id uuid not null,
  source_updated_at timestamp(3) with time zone,
  content_hash bytea,
  seen_at timestamp(3) with time zone not null,
  last_seen_run uuid,
  tombstoned_at timestamp(3) with time zone,
  merged_into text,
  held_instead_of text,
  held_key text,
  fingerprint bytea,
  constraint links_pkey PRIMARY KEY (connection_id, stream, external_id)
) with (fillfactor=70);
CREATE INDEX links_identity ON public.links USING btree (identity_id);

create table public.mapping_versions (
  connection_id uuid not null,
  version integer not null,
  document jsonb not null,
  actor text not null,
  created_at timestamp(3) with time zone default CURRENT_TIMESTAMP not null,
  constraint mapping_versions_pkey PRIMARY KEY (connection_id, version)
);

create table public.quarantined_records (
  connection_id uuid not null,
  stream text not null,
  external_id text not null,
  payload bytea not null,
  code text not null,
  reason text not null,
  attempts integer default 1 not null,
  next_retry_at timestamp(3) with time zone,
  created_at timestamp(3) with time zone default CURRENT_TIMESTAMP not null,
  updated_at timestamp(3) with time zone default CURRENT_TIMESTAMP not null,
  id uuid default gen_random_uuid() not null,
  status text default 'waiting'::text not null,
  content_hash bytea,
  discarded_at timestamp(3) with time zone,
  constraint quarantined_records_pkey PRIMARY KEY (connection_id, stream, external_id)
);
CREATE UNIQUE INDEX quarantined_records_id ON public.quarantined_records USING btree (id);

create table public.record_outcomes (
  id uuid not null,
  run_id uuid not null,
  connection_id uuid not null,
  stream text not null,
  external_id text not null,
  action text not null,
  identity_id uuid,
  code text,
  reason text,
  diff jsonb,
  created_at timestamp(3) with time zone default CURRENT_TIMESTAMP not null,
  constraint record_outcomes_pkey PRIMARY KEY (run_id, id)
);
CREATE INDEX record_outcomes_record ON public.record_outcomes USING btree (connection_id, external_id, id);

create table public.schema_requirements (
  migration text not null,
  oldest_code text not null,
  constraint schema_requirements_pkey PRIMARY KEY (migration),
  constraint schema_requirements_version CHECK ((oldest_code ~ '^\d+\.\d+\.\d+$'::text))
);

create table public.sync_cursors (
  connection_id uuid not null,
  stream text not null,
  cursor jsonb not null,
  updated_at timestamp(3) with time zone default CURRENT_TIMESTAMP not null,
  constraint sync_cursors_pkey PRIMARY KEY (connection_id, stream)
);

create table public.sync_runs (
  id uuid not null,
  connection_id uuid not null,
  stream text not null,
  mode text not null,
  trigger text not null,
  status text not null,
  phase text default 'deletions'::text not null,
  cursor jsonb,
  pages integer default 0 not null,
  counts jsonb default '{}'::jsonb not null,
  attempts integer default 0 not null,
  error_code text,
  error text,
  not_before timestamp(3) with time zone,
  created_at timestamp(3) with time zone default CURRENT_TIMESTAMP not null,
  updated_at timestamp(3) with time zone default CURRENT_TIMESTAMP not null,
  finished_at timestamp(3) with time zone,
  api_calls integer default 0 not null,
  expected integer,
  started_at timestamp(3) with time zone,
  allow_sweep boolean default false not null,
  alive_at timestamp(3) with time zone,
  external_ids text[] default ARRAY[]::text[],
  row_rate double precision,
  rows_read integer default 0 not null,
  deletion_pages integer,
  constraint sync_runs_pkey PRIMARY KEY (id)
);
CREATE INDEX sync_runs_connection ON public.sync_runs USING btree (connection_id, id);
CREATE UNIQUE INDEX sync_runs_one_polling ON public.sync_runs USING btree (connection_id, stream) WHERE ((status = ANY (ARRAY['waiting'::text, 'running'::text])) AND (mode = ANY (ARRAY['full'::text, 'incremental'::text, 'sweep'::text])));
CREATE INDEX sync_runs_under_way ON public.sync_runs USING btree (status) WHERE (status = ANY (ARRAY['waiting'::text, 'running'::text]));

create table public.webhook_deliveries (
  id uuid not null,
  connection_id uuid not null,
  dedup_key text not null,
  stream text not null,
  external_id text not null,
  kind text not null,
  merged_into text,
  occurred_at timestamp(3) with time zone,
  status text default 'waiting'::text not null,
  attempts integer default 0 not null,
  error text,
  received_at timestamp(3) with time zone default CURRENT_TIMESTAMP not null,
  due_at timestamp(3) with time zone default CURRENT_TIMESTAMP not null,
  processed_at timestamp(3) with time zone,
  origin text default 'webhook'::text not null,
  replays integer default 0 not null,
  constraint webhook_deliveries_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX webhook_deliveries_once ON public.webhook_deliveries USING btree (connection_id, dedup_key);
CREATE INDEX webhook_deliveries_record ON public.webhook_deliveries USING btree (connection_id, external_id, id);
CREATE INDEX webhook_deliveries_waiting ON public.webhook_deliveries USING btree (connection_id, status, id);
