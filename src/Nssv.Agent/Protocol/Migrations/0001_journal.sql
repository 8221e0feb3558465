-- Commands with their results, and the epochs of operations.
CREATE TABLE "agent_commands" (
    "command_id" {text} NOT NULL,
    "operation_id" {text} NOT NULL,
    "step" {bigint} NOT NULL,
    "attempt" {bigint} NOT NULL,
    "epoch" {bigint} NOT NULL,
    "deadline_seconds" {bigint} NOT NULL,
    "name" {text} NOT NULL,
    "body" {text} NOT NULL,
    "callback_url" {text} NOT NULL,
    "state" {text} NOT NULL,
    "result" {text},
    "acknowledged" {smallint} NOT NULL,
    "accepted_order" {bigint} NOT NULL,
    "accepted_at" {bigint} NOT NULL,
    PRIMARY KEY ("command_id")
){options};
CREATE INDEX "ix_agent_commands_operation_id" ON "agent_commands" ("operation_id");

CREATE TABLE "agent_operations" (
    "operation_id" {text} NOT NULL,
    "epoch" {bigint} NOT NULL,
    "asked_at" {bigint},
    "ended_at" {bigint},
    PRIMARY KEY ("operation_id")
){options};

-- What the kernel's writer needs: its fence, and the head that serialises its take-over.
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

CREATE TABLE "members" (
    "id" {text} NOT NULL,
    "generation" {bigint} NOT NULL,
    "started_at" {bigint} NOT NULL,
    "lease_until" {bigint},
    "url" {text},
    PRIMARY KEY ("id")
){options};

CREATE TABLE "outbox_head" (
    "id" {bigint} NOT NULL,
    "seq" {bigint} NOT NULL,
    PRIMARY KEY ("id")
){options};
INSERT INTO outbox_head (id, seq) VALUES (1, 0);
