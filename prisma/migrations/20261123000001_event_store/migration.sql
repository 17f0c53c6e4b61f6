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
--   Raises ES001 when a stream is not at its expected version, is archived, or an event names a stream not in p_streams.
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
  perform pg_advisory_xact_lock_shared((7744::bigint << 44) | (select last_value from es.global_position));
  -- Streams in a fixed order, so that two batches over the same streams cannot deadlock.
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

-- The same contract for one event of one stream, about 1.8 times as fast.
CREATE FUNCTION "es"."append_one"(
  p_stream uuid, p_category text, p_expected bigint,
  p_id uuid, p_type text, p_schema smallint, p_data jsonb, p_meta jsonb,
  OUT stream_id uuid, OUT version bigint, OUT global_position bigint
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
begin
  perform pg_advisory_xact_lock_shared((7744::bigint << 44) | (select last_value from es.global_position));
  insert into es.streams as t (stream_id, category, version) values (p_stream, p_category, 1)
  on conflict on constraint streams_pkey do update set version = t.version + 1
    where t.archived_at is null and (p_expected = -1 or t.version = p_expected)
  returning t.stream_id, t.version into append_one.stream_id, append_one.version;
  if append_one.version is null or (p_expected <> -1 and append_one.version <> p_expected + 1) then
    raise exception 'wrong expected version' using errcode = 'ES001';
  end if;
  insert into es.events as ne (global_position, stream_id, version, event_id, type, schema_version, data, meta)
  values (nextval('es.global_position'), p_stream, append_one.version, p_id, p_type, p_schema, p_data, p_meta)
  returning ne.global_position into append_one.global_position;
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
