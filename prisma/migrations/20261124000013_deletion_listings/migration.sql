-- How long a vendor's listing of deleted records was: a long one is not read by every incremental run.
ALTER TABLE "sync_runs" ADD COLUMN     "deletion_pages" INTEGER;
