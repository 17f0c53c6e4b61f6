-- How far a run is, and what it may do.
ALTER TABLE "sync_runs" ADD COLUMN "api_calls" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN "expected" INTEGER,
ADD COLUMN "started_at" TIMESTAMPTZ(3),
ADD COLUMN "allow_sweep" BOOLEAN NOT NULL DEFAULT false;

-- A sweep reads the whole stream, too: it is one of the polling runs, of which there is at most one.
DROP INDEX "sync_runs_one_polling";
CREATE UNIQUE INDEX "sync_runs_one_polling" ON "sync_runs" ("connection_id", "stream")
  WHERE "status" IN ('waiting', 'running') AND "mode" IN ('full', 'incremental', 'sweep');
