CREATE TABLE "operations" (
    "id" {text} NOT NULL,
    "project_id" {text} NOT NULL,
    "created_by" {text} NOT NULL,
    "created_at" {bigint} NOT NULL,
    "updated_at" {bigint} NOT NULL,
    "version" {bigint} NOT NULL,
    "kind" {text} NOT NULL,
    "state" {text} NOT NULL,
    "target_type" {text} NOT NULL,
    "target_id" {text} NOT NULL,
    "aspect" {text} NOT NULL,
    "accepted_sequence" {bigint} NOT NULL,
    "parent_id" {text},
    "parent_call" {text},
    "root_id" {text} NOT NULL,
    "progress" {bigint} NOT NULL,
    "context" {text} NOT NULL,
    "plan" {text},
    "direction" {text} NOT NULL,
    "step_index" {bigint} NOT NULL,
    "cancel_requested" {smallint} NOT NULL,
    "cleanup_pending" {smallint} NOT NULL,
    "cleanup_host_id" {text},
    "error" {text},
    "result" {text},
    "started_at" {bigint},
    "ended_at" {bigint},
    PRIMARY KEY ("id")
){options};
CREATE INDEX "ix_operations_accepted_sequence" ON "operations" ("accepted_sequence");
CREATE INDEX "ix_operations_cleanup_host_id" ON "operations" ("cleanup_host_id");
CREATE INDEX "ix_operations_kind" ON "operations" ("kind");
CREATE UNIQUE INDEX "ix_operations_operation_parent_call" ON "operations" ("parent_id", "parent_call");
CREATE INDEX "ix_operations_project_id" ON "operations" ("project_id");
CREATE INDEX "ix_operations_root_id" ON "operations" ("root_id");
CREATE INDEX "ix_operations_state" ON "operations" ("state");
CREATE INDEX "ix_operations_target_id" ON "operations" ("target_id");

CREATE TABLE "call_results" (
    "key" {text} NOT NULL,
    "operation_id" {text} NOT NULL,
    "result" {text} NOT NULL,
    PRIMARY KEY ("key"),
    CONSTRAINT "fk_call_results_operation_id" FOREIGN KEY ("operation_id") REFERENCES "operations" ("id") ON DELETE RESTRICT
){options};
CREATE INDEX "ix_call_results_operation_id" ON "call_results" ("operation_id");

CREATE TABLE "events" (
    "sequence" {bigint} NOT NULL,
    "type" {text} NOT NULL,
    "resource_type" {text} NOT NULL,
    "resource_id" {text} NOT NULL,
    "project_id" {text} NOT NULL,
    "operation_id" {text},
    "at" {bigint} NOT NULL,
    "data" {text} NOT NULL,
    PRIMARY KEY ("sequence")
){options};
CREATE INDEX "ix_events_resource_id" ON "events" ("resource_id");

CREATE TABLE "idempotency_keys" (
    "account_id" {text} NOT NULL,
    "key" {text} NOT NULL,
    "body_hash" {text} NOT NULL,
    "operation_id" {text} NOT NULL,
    "created_at" {bigint} NOT NULL,
    PRIMARY KEY ("account_id", "key")
){options};
CREATE INDEX "ix_idempotency_keys_created_at" ON "idempotency_keys" ("created_at");

CREATE TABLE "members" (
    "id" {text} NOT NULL,
    "generation" {bigint} NOT NULL,
    "started_at" {bigint} NOT NULL,
    "lease_until" {bigint},
    "url" {text},
    PRIMARY KEY ("id")
){options};

CREATE TABLE "operation_steps" (
    "operation_id" {text} NOT NULL,
    "step_index" {bigint} NOT NULL,
    "name" {text} NOT NULL,
    "host_id" {text},
    "state" {text} NOT NULL,
    "attempt" {bigint} NOT NULL,
    "started_at" {bigint},
    "ended_at" {bigint},
    "error" {text},
    PRIMARY KEY ("operation_id", "step_index"),
    CONSTRAINT "fk_operation_steps_operation_id" FOREIGN KEY ("operation_id") REFERENCES "operations" ("id") ON DELETE RESTRICT
){options};

CREATE TABLE "outbox_head" (
    "id" {bigint} NOT NULL,
    "seq" {bigint} NOT NULL,
    PRIMARY KEY ("id")
){options};

INSERT INTO outbox_head (id, seq) VALUES (1, 0);
