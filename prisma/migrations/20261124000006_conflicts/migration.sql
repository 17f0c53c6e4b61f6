-- AlterTable
ALTER TABLE "links" ADD COLUMN     "held_instead_of" TEXT,
ADD COLUMN     "held_key" TEXT;

-- CreateTable
CREATE TABLE "conflicts" (
    "id" UUID NOT NULL,
    "connection_id" UUID NOT NULL,
    "stream" TEXT NOT NULL,
    "external_id" TEXT NOT NULL,
    "identity_id" UUID,
    "identifier_key" TEXT NOT NULL,
    "holder_identity_id" UUID NOT NULL,
    "holder_stream" TEXT,
    "holder_external_id" TEXT,
    "status" TEXT NOT NULL DEFAULT 'open',
    "resolution" TEXT,
    "resolved_by" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "resolved_at" TIMESTAMPTZ(3),

    CONSTRAINT "conflicts_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "conflicts_connection" ON "conflicts"("connection_id", "id");

-- CreateIndex
CREATE INDEX "conflicts_record" ON "conflicts"("connection_id", "stream", "external_id");

-- A record waits for one decision at a time.
CREATE UNIQUE INDEX "conflicts_one_open" ON "conflicts" ("connection_id", "stream", "external_id")
  WHERE "status" = 'open';
