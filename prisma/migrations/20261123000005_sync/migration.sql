-- CreateTable
CREATE TABLE "connections" (
    "id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "project_id" TEXT NOT NULL DEFAULT '',
    "settings" JSONB NOT NULL DEFAULT '{}',
    "secrets" BYTEA NOT NULL,
    "secrets_version" INTEGER NOT NULL DEFAULT 1,
    "mapping" JSONB NOT NULL,
    "mapping_version" INTEGER NOT NULL DEFAULT 1,
    "every_seconds" INTEGER,
    "policies" JSONB NOT NULL DEFAULT '{}',
    "status" TEXT NOT NULL DEFAULT 'active',
    "status_reason" TEXT,
    "paused_until" TIMESTAMPTZ(3),
    "account_id" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "connections_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sync_cursors" (
    "connection_id" UUID NOT NULL,
    "stream" TEXT NOT NULL,
    "cursor" JSONB NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "sync_cursors_pkey" PRIMARY KEY ("connection_id","stream")
);

-- CreateTable
CREATE TABLE "sync_runs" (
    "id" UUID NOT NULL,
    "connection_id" UUID NOT NULL,
    "stream" TEXT NOT NULL,
    "mode" TEXT NOT NULL,
    "trigger" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "phase" TEXT NOT NULL DEFAULT 'deletions',
    "cursor" JSONB,
    "pages" INTEGER NOT NULL DEFAULT 0,
    "counts" JSONB NOT NULL DEFAULT '{}',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "error_code" TEXT,
    "error" TEXT,
    "not_before" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "sync_runs_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "links" (
    "connection_id" UUID NOT NULL,
    "stream" TEXT NOT NULL,
    "external_id" TEXT NOT NULL,
    "identity_id" UUID NOT NULL,
    "source_updated_at" TIMESTAMPTZ(3),
    "content_hash" BYTEA,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,
    "last_seen_run" UUID,
    "tombstoned_at" TIMESTAMPTZ(3),
    "merged_into" TEXT,

    CONSTRAINT "links_pkey" PRIMARY KEY ("connection_id","stream","external_id")
);

-- CreateTable
CREATE TABLE "record_outcomes" (
    "id" UUID NOT NULL,
    "run_id" UUID NOT NULL,
    "connection_id" UUID NOT NULL,
    "stream" TEXT NOT NULL,
    "external_id" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "identity_id" UUID,
    "code" TEXT,
    "reason" TEXT,
    "diff" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "record_outcomes_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "quarantined_records" (
    "connection_id" UUID NOT NULL,
    "stream" TEXT NOT NULL,
    "external_id" TEXT NOT NULL,
    "payload" BYTEA NOT NULL,
    "code" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 1,
    "next_retry_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "quarantined_records_pkey" PRIMARY KEY ("connection_id","stream","external_id")
);

-- CreateTable
CREATE TABLE "webhook_deliveries" (
    "id" UUID NOT NULL,
    "connection_id" UUID NOT NULL,
    "dedup_key" TEXT NOT NULL,
    "stream" TEXT NOT NULL,
    "external_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "merged_into" TEXT,
    "occurred_at" TIMESTAMPTZ(3),
    "status" TEXT NOT NULL DEFAULT 'waiting',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "error" TEXT,
    "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "due_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "processed_at" TIMESTAMPTZ(3),

    CONSTRAINT "webhook_deliveries_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "connections_name" ON "connections"("name");

-- CreateIndex
CREATE INDEX "sync_runs_connection" ON "sync_runs"("connection_id", "id");

-- CreateIndex
CREATE INDEX "sync_runs_status" ON "sync_runs"("status", "updated_at");

-- CreateIndex
CREATE INDEX "links_identity" ON "links"("identity_id");

-- CreateIndex
CREATE INDEX "record_outcomes_run" ON "record_outcomes"("run_id", "id");

-- CreateIndex
CREATE INDEX "record_outcomes_record" ON "record_outcomes"("connection_id", "stream", "external_id", "id");

-- CreateIndex
CREATE INDEX "webhook_deliveries_waiting" ON "webhook_deliveries"("connection_id", "status", "id");

-- CreateIndex
CREATE UNIQUE INDEX "webhook_deliveries_once" ON "webhook_deliveries"("connection_id", "dedup_key");

-- At most one polling run per connection and stream; webhooks (mode "record") run alongside.
CREATE UNIQUE INDEX "sync_runs_one_polling" ON "sync_runs" ("connection_id", "stream")
  WHERE "status" IN ('waiting', 'running') AND "mode" IN ('full', 'incremental');
