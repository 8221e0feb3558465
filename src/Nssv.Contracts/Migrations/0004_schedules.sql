-- readable by level 0
CREATE TABLE "schedules" (
    "id" {text} NOT NULL,
    "project_id" {text} NOT NULL,
    "created_by" {text} NOT NULL,
    "created_at" {bigint} NOT NULL,
    "updated_at" {bigint} NOT NULL,
    "version" {bigint} NOT NULL,
    "name" {text} NOT NULL,
    "description" {text},
    "labels" {text} NOT NULL,
    "cron" {text} NOT NULL,
    "time_zone" {text} NOT NULL,
    "missed_run" {text} NOT NULL,
    "enabled" {smallint} NOT NULL,
    "action" {text} NOT NULL,
    "parameters" {text} NOT NULL,
    "next_run_at" {bigint},
    "last_due_at" {bigint},
    "last_run_at" {bigint},
    "last_operation_id" {text},
    PRIMARY KEY ("id")
){options};
CREATE INDEX "ix_schedules_next_run_at" ON "schedules" ("next_run_at");
CREATE INDEX "ix_schedules_name" ON "schedules" ("name");
CREATE INDEX "ix_schedules_project_id" ON "schedules" ("project_id");
