-- readable by level 0
ALTER TABLE "operations" ADD COLUMN "caller_name" {text};
ALTER TABLE "operations" ADD COLUMN "client_address" {text};
ALTER TABLE "operations" ADD COLUMN "target_name" {text};

CREATE TABLE "audit_entries" (
    "id" {text} NOT NULL,
    "project_id" {text} NOT NULL,
    "created_by" {text} NOT NULL,
    "created_at" {bigint} NOT NULL,
    "updated_at" {bigint} NOT NULL,
    "version" {bigint} NOT NULL,
    "sequence" {bigint} NOT NULL,
    "action" {text} NOT NULL,
    "account_id" {text},
    "account_name" {text},
    "client_address" {text},
    "target_type" {text},
    "target_id" {text},
    "target_name" {text},
    "begun_at" {bigint} NOT NULL,
    "ended_at" {bigint} NOT NULL,
    "result" {text} NOT NULL,
    "error_code" {text},
    "operation_id" {text},
    "details" {text} NOT NULL,
    "previous_hash" {text} NOT NULL,
    "hash" {text} NOT NULL,
    PRIMARY KEY ("id")
){options};
CREATE INDEX "ix_audit_entries_account_id" ON "audit_entries" ("account_id");
CREATE INDEX "ix_audit_entries_action" ON "audit_entries" ("action");
CREATE INDEX "ix_audit_entries_begun_at" ON "audit_entries" ("begun_at");
CREATE UNIQUE INDEX "ix_audit_entries_operation_id" ON "audit_entries" ("operation_id");
CREATE INDEX "ix_audit_entries_project_id" ON "audit_entries" ("project_id");
CREATE UNIQUE INDEX "ix_audit_entries_sequence" ON "audit_entries" ("sequence");
CREATE INDEX "ix_audit_entries_target_id" ON "audit_entries" ("target_id");

CREATE TABLE "audit_head" (
    "id" {bigint} NOT NULL,
    "position" {bigint} NOT NULL,
    "at" {bigint} NOT NULL,
    "sequence" {bigint} NOT NULL,
    "hash" {text} NOT NULL,
    "first_sequence" {bigint} NOT NULL,
    "anchor_hash" {text} NOT NULL,
    PRIMARY KEY ("id")
){options};
