-- readable by level 0
CREATE TABLE "settings" (
    "id" {text} NOT NULL,
    "project_id" {text} NOT NULL,
    "created_by" {text} NOT NULL,
    "created_at" {bigint} NOT NULL,
    "updated_at" {bigint} NOT NULL,
    "version" {bigint} NOT NULL,
    "name" {text} NOT NULL,
    "value" {text} NOT NULL,
    "overridden" {smallint} NOT NULL,
    "kind" {text} NOT NULL,
    "title" {text} NOT NULL,
    "description" {text} NOT NULL,
    "unit" {text},
    "default_value" {text} NOT NULL,
    "minimum" {text},
    "maximum" {text},
    "choices" {text} NOT NULL,
    PRIMARY KEY ("id")
){options};
CREATE UNIQUE INDEX "ix_settings_name" ON "settings" ("name");
CREATE INDEX "ix_settings_project_id" ON "settings" ("project_id");
