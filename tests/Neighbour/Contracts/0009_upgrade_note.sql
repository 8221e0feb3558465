-- readable by level 2
ALTER TABLE "virtual_machines" ADD COLUMN "upgrade_note" {text};
