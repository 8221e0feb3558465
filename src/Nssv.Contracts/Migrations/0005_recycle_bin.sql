-- readable by level 0
ALTER TABLE "virtual_machines" ADD COLUMN "deletion_policy" {text};
ALTER TABLE "virtual_machines" ADD COLUMN "deleted_at" {bigint};
ALTER TABLE "virtual_machines" ADD COLUMN "expunge_at" {bigint};
ALTER TABLE "volumes" ADD COLUMN "deletion_policy" {text};
ALTER TABLE "volumes" ADD COLUMN "deleted_at" {bigint};
ALTER TABLE "volumes" ADD COLUMN "expunge_at" {bigint};
ALTER TABLE "images" ADD COLUMN "deletion_policy" {text};
ALTER TABLE "images" ADD COLUMN "deleted_at" {bigint};
ALTER TABLE "images" ADD COLUMN "expunge_at" {bigint};
CREATE TABLE "recycle_bin" (
    "id" {text} NOT NULL,
    "project_id" {text} NOT NULL,
    "created_by" {text} NOT NULL,
    "created_at" {bigint} NOT NULL,
    "updated_at" {bigint} NOT NULL,
    "version" {bigint} NOT NULL,
    "kind" {text} NOT NULL,
    "resource_id" {text} NOT NULL,
    "name" {text} NOT NULL,
    "deleted_at" {bigint} NOT NULL,
    "expunge_at" {bigint},
    "occupied_bytes" {bigint} NOT NULL,
    "disk_count" {bigint} NOT NULL,
    "address_count" {bigint} NOT NULL,
    PRIMARY KEY ("id")
){options};
CREATE INDEX "ix_recycle_bin_kind" ON "recycle_bin" ("kind");
CREATE UNIQUE INDEX "ix_recycle_bin_resource_id" ON "recycle_bin" ("resource_id");
CREATE INDEX "ix_recycle_bin_expunge_at" ON "recycle_bin" ("expunge_at");
CREATE INDEX "ix_recycle_bin_project_id" ON "recycle_bin" ("project_id");
