-- AlterTable
ALTER TABLE "connections" ADD COLUMN     "cron" TEXT,
ADD COLUMN     "time_zone" TEXT NOT NULL DEFAULT 'UTC',
ADD COLUMN     "next_run_at" TIMESTAMPTZ(3),
ADD COLUMN     "secret_fingerprints" JSONB NOT NULL DEFAULT '{}';

-- CreateTable
CREATE TABLE "mapping_versions" (
    "connection_id" UUID NOT NULL,
    "version" INTEGER NOT NULL,
    "document" JSONB NOT NULL,
    "actor" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "mapping_versions_pkey" PRIMARY KEY ("connection_id", "version")
);

-- Every connection has the mapping it works with among its versions.
INSERT INTO "mapping_versions" ("connection_id", "version", "document", "actor", "created_at")
  SELECT "id", "mapping_version", "mapping", 'unknown', "created_at" FROM "connections";

-- An interval or a cron expression, never both.
ALTER TABLE "connections" ADD CONSTRAINT "connections_one_schedule"
  CHECK ("cron" IS NULL OR "every_seconds" IS NULL);
