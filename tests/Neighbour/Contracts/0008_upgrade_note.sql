-- readable by level 1
ALTER TABLE "virtual_machines" ADD COLUMN "upgrade_note" {text};
