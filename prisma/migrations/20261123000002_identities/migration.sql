-- CreateTable
CREATE TABLE "identities" (
    "id" UUID NOT NULL,
    "version" BIGINT NOT NULL,
    "created_position" BIGINT NOT NULL,
    "project_id" TEXT NOT NULL DEFAULT '',
    "identifier_key" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "identity_type" TEXT NOT NULL,
    "properties" JSONB NOT NULL DEFAULT '[]',
    "agent_ids" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "block_ids" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "identities_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "identity_properties" (
    "identity_id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    "created_position" BIGINT NOT NULL,

    CONSTRAINT "identity_properties_pkey" PRIMARY KEY ("identity_id","key")
);

-- CreateIndex
CREATE UNIQUE INDEX "identities_created" ON "identities"("created_position");

-- CreateIndex
CREATE INDEX "identities_project" ON "identities"("project_id", "created_position");

-- CreateIndex
CREATE INDEX "identities_type" ON "identities"("identity_type", "created_position");

-- CreateIndex
CREATE UNIQUE INDEX "identities_key" ON "identities"("identifier_key", "project_id");

-- CreateIndex
CREATE INDEX "identity_properties_filter" ON "identity_properties"("key", "value", "created_position");

-- Most updates change no indexed column: room on the page keeps them heap-only.
ALTER TABLE "identities" SET (fillfactor = 90);
