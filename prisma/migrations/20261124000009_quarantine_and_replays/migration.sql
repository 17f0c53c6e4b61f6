-- A quarantined record gets an id of its own, and can be discarded until it changes at the source.
ALTER TABLE "quarantined_records"
  ADD COLUMN "id" UUID NOT NULL DEFAULT gen_random_uuid(),
  ADD COLUMN "status" TEXT NOT NULL DEFAULT 'waiting',
  ADD COLUMN "content_hash" BYTEA,
  ADD COLUMN "discarded_at" TIMESTAMPTZ(3);

CREATE UNIQUE INDEX "quarantined_records_id" ON "quarantined_records"("id");

-- Deliveries can be worked off again.
ALTER TABLE "webhook_deliveries"
  ADD COLUMN "origin" TEXT NOT NULL DEFAULT 'webhook',
  ADD COLUMN "replays" INTEGER NOT NULL DEFAULT 0;

CREATE INDEX "webhook_deliveries_record" ON "webhook_deliveries"("connection_id", "external_id", "id");

-- Outcomes are asked for by external id, with or without the stream.
DROP INDEX "record_outcomes_record";
CREATE INDEX "record_outcomes_record" ON "record_outcomes"("connection_id", "external_id", "id");
