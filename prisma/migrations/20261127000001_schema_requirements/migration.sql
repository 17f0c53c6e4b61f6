-- Oldest code: 0.1.0
-- Which code each migration still lets run here, for code that does not have the migration (docs/decisions/0007-releases-beside-each-other.md).
CREATE TABLE "schema_requirements" (
    "migration" TEXT NOT NULL,
    "oldest_code" TEXT NOT NULL,

    CONSTRAINT "schema_requirements_pkey" PRIMARY KEY ("migration"),
    CONSTRAINT "schema_requirements_version" CHECK ("oldest_code" ~ '^\d+\.\d+\.\d+$')
);
