-- A command may be given up when it makes no progress for this long.
ALTER TABLE "agent_commands" ADD COLUMN "stall_seconds" {bigint};
