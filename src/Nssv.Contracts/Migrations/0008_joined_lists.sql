-- readable by level 0
-- Lists and counts over several tables are answered from these alone.
CREATE INDEX "ix_virtual_machines_by_host" ON "virtual_machines" ("host_id", "deleted_at", "name", "id");
CREATE INDEX "ix_volumes_by_data_storage" ON "volumes" ("data_storage_id", "virtual_machine_id");
