-- Several management nodes: who lives, and who holds which shard.
CREATE TABLE "member_leases" (
    "member_id" {text} NOT NULL,
    "generation" {bigint} NOT NULL,
    "renewals" {bigint} NOT NULL,
    "name" {text} NOT NULL,
    "product_version" {text} NOT NULL,
    "level" {bigint} NOT NULL,
    "peer_url" {text} NOT NULL,
    "agent_url" {text} NOT NULL,
    "api_url" {text} NOT NULL,
    "joined_at" {bigint} NOT NULL,
    PRIMARY KEY ("member_id")
){options};

CREATE TABLE "shards" (
    "number" {bigint} NOT NULL,
    "member_id" {text},
    "epoch" {bigint} NOT NULL,
    PRIMARY KEY ("number")
){options};
