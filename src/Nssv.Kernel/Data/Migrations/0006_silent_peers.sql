-- readable by level 0
ALTER TABLE "member_leases" ADD COLUMN "silent_peers" {text} NOT NULL DEFAULT '';
