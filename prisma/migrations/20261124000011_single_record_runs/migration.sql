-- Runs of single records, how fast a run gets on, and whether somebody works on it.
ALTER TABLE "sync_runs" ADD COLUMN     "alive_at" TIMESTAMPTZ(3),
ADD COLUMN     "external_ids" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "row_rate" DOUBLE PRECISION,
ADD COLUMN     "rows_read" INTEGER NOT NULL DEFAULT 0;
