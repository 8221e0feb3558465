-- readable by level 0
ALTER TABLE "clusters" ADD COLUMN "tags" {text} NOT NULL DEFAULT '{}';
ALTER TABLE "data_centers" ADD COLUMN "tags" {text} NOT NULL DEFAULT '{}';
ALTER TABLE "data_storages" ADD COLUMN "tags" {text} NOT NULL DEFAULT '{}';
ALTER TABLE "hosts" ADD COLUMN "tags" {text} NOT NULL DEFAULT '{}';
ALTER TABLE "image_storages" ADD COLUMN "tags" {text} NOT NULL DEFAULT '{}';
ALTER TABLE "images" ADD COLUMN "tags" {text} NOT NULL DEFAULT '{}';
ALTER TABLE "network_interfaces" ADD COLUMN "tags" {text} NOT NULL DEFAULT '{}';
ALTER TABLE "port_groups" ADD COLUMN "tags" {text} NOT NULL DEFAULT '{}';
ALTER TABLE "schedules" ADD COLUMN "tags" {text} NOT NULL DEFAULT '{}';
ALTER TABLE "virtual_machines" ADD COLUMN "tags" {text} NOT NULL DEFAULT '{}';
ALTER TABLE "volumes" ADD COLUMN "tags" {text} NOT NULL DEFAULT '{}';

CREATE TABLE "tag_types" (
    "id" {text} NOT NULL,
    "project_id" {text} NOT NULL,
    "created_by" {text} NOT NULL,
    "created_at" {bigint} NOT NULL,
    "updated_at" {bigint} NOT NULL,
    "version" {bigint} NOT NULL,
    "name" {text} NOT NULL,
    "title" {text} NOT NULL,
    "description" {text} NOT NULL,
    "kind" {text} NOT NULL,
    "carriers" {text} NOT NULL,
    "allowed" {text} NOT NULL,
    "choices" {text} NOT NULL,
    "refers_to" {text},
    "owner" {text} NOT NULL,
    "known" {smallint} NOT NULL,
    PRIMARY KEY ("id")
){options};
CREATE UNIQUE INDEX "ix_tag_types_name" ON "tag_types" ("name");
CREATE INDEX "ix_tag_types_project_id" ON "tag_types" ("project_id");
