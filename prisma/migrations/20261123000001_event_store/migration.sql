-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "es";

-- CreateTable
CREATE TABLE "es"."streams" (
    "stream_id" UUID NOT NULL,
    "category" TEXT NOT NULL,
    "version" BIGINT NOT NULL,
    "archived_at" TIMESTAMPTZ(6),

    CONSTRAINT "streams_pkey" PRIMARY KEY ("stream_id")
);

-- CreateTable
CREATE TABLE "es"."events" (
    "global_position" BIGINT NOT NULL,
    "stream_id" UUID NOT NULL,
    "version" BIGINT NOT NULL,
    "event_id" UUID NOT NULL,
    "type" TEXT NOT NULL,
    "schema_version" SMALLINT NOT NULL DEFAULT 1,
    "data" JSONB NOT NULL,
    "meta" JSONB NOT NULL DEFAULT '{}',
    "recorded_at" TIMESTAMPTZ(6) NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT "events_pkey" PRIMARY KEY ("stream_id","version")
);

-- CreateTable
CREATE TABLE "es"."commands" (
    "idempotency_key" TEXT NOT NULL,
    "request_hash" BYTEA NOT NULL,
    "result" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "commands_pkey" PRIMARY KEY ("idempotency_key")
);

-- CreateTable
CREATE TABLE "es"."checkpoints" (
    "subscription" TEXT NOT NULL,
    "position" BIGINT NOT NULL,
    "owner" UUID,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "checkpoints_pkey" PRIMARY KEY ("subscription")
);

-- CreateIndex
CREATE UNIQUE INDEX "events_position" ON "es"."events"("global_position");

-- CreateIndex
CREATE UNIQUE INDEX "events_event_id" ON "es"."events"("event_id");

-- CreateIndex
CREATE INDEX "commands_created_at" ON "es"."commands"("created_at");

-- Positions of the log. CACHE stays 1: with a cache, last_value would no longer bound the numbers in use.
CREATE SEQUENCE "es"."global_position" AS bigint CACHE 1;

-- Burn one number so that last_value means something before the first event.
SELECT nextval('es.global_position');

-- A version bump touches no index: with room on the page it stays a heap-only (HOT) update.
ALTER TABLE "es"."streams" SET (fillfactor = 85);

-- Insert-only: vacuum for the visibility map long before the default 20 % of new rows.
ALTER TABLE "es"."events" SET (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);

-- The log is append-only, for everybody, also by mistake.
CREATE FUNCTION "es"."refuse_change"() RETURNS trigger LANGUAGE plpgsql AS $$
begin
  raise exception 'es.events is append-only: % refused', tg_op using errcode = 'ES002';
end $$;

CREATE TRIGGER "events_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "es"."events"
  FOR EACH STATEMENT EXECUTE FUNCTION "es"."refuse_change"();

-- Appends events to many streams in one round trip.
--   p_expected, per stream: -1 any version, 0 must not exist, n exactly n.
--   Raises ES001 when a stream is not at its expected version, is archived, or an event names a stream not in p_streams;
--   unique_violation of streams_pkey when all streams must be new and one is not.
CREATE FUNCTION "es"."append"(
  p_streams uuid[], p_categories text[], p_expected bigint[],
  e_stream uuid[], e_id uuid[], e_type text[], e_schema smallint[], e_data jsonb[], e_meta jsonb[]
) RETURNS TABLE (stream_id uuid, version bigint, global_position bigint)
LANGUAGE plpgsql AS $$
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
end $$;

-- The same contract for one event of one stream, about twice as fast.
CREATE FUNCTION "es"."append_one"(
  p_stream uuid, p_category text, p_expected bigint,
  p_id uuid, p_type text, p_schema smallint, p_data jsonb, p_meta jsonb,
  OUT stream_id uuid, OUT version bigint, OUT global_position bigint
) LANGUAGE plpgsql AS $$
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
end $$;

-- The position up to which the log is complete for a reader: no transaction that is still open can add an event at
-- or below it. The order of the two reads matters, and the events are read by a later statement (docs/event-store.md).
CREATE FUNCTION "es"."safe_position"() RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
declare l bigint; w bigint;
begin
  select last_value into l from es.global_position;
  select min(((classid::bigint & 4095) << 32) | objid::bigint) into w
    from pg_locks
   where locktype = 'advisory' and objsubid = 1 and classid::bigint >> 12 = 7744 and granted
     and database = (select oid from pg_database where datname = current_database());
  return least(l, coalesce(w, l));
end $$;
