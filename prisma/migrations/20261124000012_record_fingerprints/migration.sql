-- What a record said when it was last applied: one that says the same need not be looked at again.
ALTER TABLE "links" ADD COLUMN     "fingerprint" BYTEA;

-- Every run marks the links of what it saw. With room on their pages, no index has to be touched for that.
ALTER TABLE "links" SET (fillfactor = 70);

-- An outcome is looked up by run or by record, never by its id alone.
ALTER TABLE "record_outcomes" DROP CONSTRAINT "record_outcomes_pkey",
ADD CONSTRAINT "record_outcomes_pkey" PRIMARY KEY ("run_id", "id");
DROP INDEX "record_outcomes_run";

-- A run changes with each page: in this index only when it begins and when it is over.
DROP INDEX "sync_runs_status";
CREATE INDEX "sync_runs_under_way" ON "sync_runs" ("status") WHERE "status" IN ('waiting', 'running');
