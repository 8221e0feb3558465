CREATE TABLE "accounts" (
    "id" {text} NOT NULL,
    "project_id" {text} NOT NULL,
    "created_by" {text} NOT NULL,
    "created_at" {bigint} NOT NULL,
    "updated_at" {bigint} NOT NULL,
    "version" {bigint} NOT NULL,
    "name" {text} NOT NULL,
    "password_hash" {text} NOT NULL,
    "role" {text} NOT NULL,
    PRIMARY KEY ("id")
){options};
CREATE UNIQUE INDEX "ix_accounts_name" ON "accounts" ("name");
CREATE INDEX "ix_accounts_project_id" ON "accounts" ("project_id");

CREATE TABLE "data_centers" (
    "id" {text} NOT NULL,
    "project_id" {text} NOT NULL,
    "created_by" {text} NOT NULL,
    "created_at" {bigint} NOT NULL,
    "updated_at" {bigint} NOT NULL,
    "version" {bigint} NOT NULL,
    "name" {text} NOT NULL,
    "description" {text},
    "labels" {text} NOT NULL,
    PRIMARY KEY ("id")
){options};
CREATE INDEX "ix_data_centers_name" ON "data_centers" ("name");
CREATE INDEX "ix_data_centers_project_id" ON "data_centers" ("project_id");

CREATE TABLE "clusters" (
    "id" {text} NOT NULL,
    "project_id" {text} NOT NULL,
    "created_by" {text} NOT NULL,
    "created_at" {bigint} NOT NULL,
    "updated_at" {bigint} NOT NULL,
    "version" {bigint} NOT NULL,
    "name" {text} NOT NULL,
    "description" {text},
    "labels" {text} NOT NULL,
    "data_center_id" {text} NOT NULL,
    "architecture" {text} NOT NULL,
    PRIMARY KEY ("id"),
    CONSTRAINT "fk_clusters_data_center_id" FOREIGN KEY ("data_center_id") REFERENCES "data_centers" ("id") ON DELETE RESTRICT
){options};
CREATE INDEX "ix_clusters_data_center_id" ON "clusters" ("data_center_id");
CREATE INDEX "ix_clusters_name" ON "clusters" ("name");
CREATE INDEX "ix_clusters_project_id" ON "clusters" ("project_id");

CREATE TABLE "data_storages" (
    "id" {text} NOT NULL,
    "project_id" {text} NOT NULL,
    "created_by" {text} NOT NULL,
    "created_at" {bigint} NOT NULL,
    "updated_at" {bigint} NOT NULL,
    "version" {bigint} NOT NULL,
    "name" {text} NOT NULL,
    "description" {text},
    "labels" {text} NOT NULL,
    "data_center_id" {text} NOT NULL,
    "kind" {text} NOT NULL,
    "path" {text} NOT NULL,
    "state" {text} NOT NULL,
    PRIMARY KEY ("id"),
    CONSTRAINT "fk_data_storages_data_center_id" FOREIGN KEY ("data_center_id") REFERENCES "data_centers" ("id") ON DELETE RESTRICT
){options};
CREATE INDEX "ix_data_storages_data_center_id" ON "data_storages" ("data_center_id");
CREATE INDEX "ix_data_storages_name" ON "data_storages" ("name");
CREATE INDEX "ix_data_storages_project_id" ON "data_storages" ("project_id");

CREATE TABLE "data_storage_attachments" (
    "id" {text} NOT NULL,
    "project_id" {text} NOT NULL,
    "created_by" {text} NOT NULL,
    "created_at" {bigint} NOT NULL,
    "updated_at" {bigint} NOT NULL,
    "version" {bigint} NOT NULL,
    "data_storage_id" {text} NOT NULL,
    "cluster_id" {text} NOT NULL,
    PRIMARY KEY ("id"),
    CONSTRAINT "fk_data_storage_attachments_data_storage_id" FOREIGN KEY ("data_storage_id") REFERENCES "data_storages" ("id") ON DELETE RESTRICT,
    CONSTRAINT "fk_data_storage_attachments_cluster_id" FOREIGN KEY ("cluster_id") REFERENCES "clusters" ("id") ON DELETE RESTRICT
){options};
CREATE INDEX "ix_data_storage_attachments_cluster_id" ON "data_storage_attachments" ("cluster_id");
CREATE UNIQUE INDEX "ix_data_storage_attachments_data_storage_attachment_pair" ON "data_storage_attachments" ("data_storage_id", "cluster_id");
CREATE INDEX "ix_data_storage_attachments_project_id" ON "data_storage_attachments" ("project_id");

CREATE TABLE "enrolments" (
    "token_hash" {text} NOT NULL,
    "host_id" {text} NOT NULL,
    "expires_at" {bigint} NOT NULL,
    PRIMARY KEY ("token_hash")
){options};

CREATE TABLE "hosts" (
    "id" {text} NOT NULL,
    "project_id" {text} NOT NULL,
    "created_by" {text} NOT NULL,
    "created_at" {bigint} NOT NULL,
    "updated_at" {bigint} NOT NULL,
    "version" {bigint} NOT NULL,
    "name" {text} NOT NULL,
    "description" {text},
    "labels" {text} NOT NULL,
    "cluster_id" {text} NOT NULL,
    "address" {text} NOT NULL,
    "agent_url" {text},
    "certificate_fingerprint" {text},
    "reserved_memory_bytes" {bigint} NOT NULL,
    "cpu_overcommit_ratio" {real} NOT NULL,
    "state" {text} NOT NULL,
    "boot_id" {text},
    "agent_incarnation" {bigint} NOT NULL,
    "fence_state" {text} NOT NULL,
    "cpu_count" {bigint} NOT NULL,
    "memory_bytes" {bigint} NOT NULL,
    "cpu_model" {text},
    "virtualization_type" {text},
    "agent_version" {text},
    "libvirt_version" {text},
    "hypervisor_version" {text},
    "last_heartbeat_at" {bigint},
    "orphans" {text} NOT NULL,
    "observed_sequence" {bigint} NOT NULL,
    "booked_cpu_count" {bigint} NOT NULL,
    "booked_memory_bytes" {bigint} NOT NULL,
    PRIMARY KEY ("id"),
    CONSTRAINT "fk_hosts_cluster_id" FOREIGN KEY ("cluster_id") REFERENCES "clusters" ("id") ON DELETE RESTRICT
){options};
CREATE INDEX "ix_hosts_cluster_id" ON "hosts" ("cluster_id");
CREATE INDEX "ix_hosts_name" ON "hosts" ("name");
CREATE INDEX "ix_hosts_project_id" ON "hosts" ("project_id");

CREATE TABLE "host_data_storages" (
    "id" {text} NOT NULL,
    "project_id" {text} NOT NULL,
    "created_by" {text} NOT NULL,
    "created_at" {bigint} NOT NULL,
    "updated_at" {bigint} NOT NULL,
    "version" {bigint} NOT NULL,
    "host_id" {text} NOT NULL,
    "data_storage_id" {text} NOT NULL,
    "state" {text} NOT NULL,
    "capacity_bytes" {bigint} NOT NULL,
    "available_bytes" {bigint} NOT NULL,
    "reason" {text},
    "observed_sequence" {bigint} NOT NULL,
    PRIMARY KEY ("id"),
    CONSTRAINT "fk_host_data_storages_host_id" FOREIGN KEY ("host_id") REFERENCES "hosts" ("id") ON DELETE RESTRICT,
    CONSTRAINT "fk_host_data_storages_data_storage_id" FOREIGN KEY ("data_storage_id") REFERENCES "data_storages" ("id") ON DELETE RESTRICT
){options};
CREATE INDEX "ix_host_data_storages_data_storage_id" ON "host_data_storages" ("data_storage_id");
CREATE UNIQUE INDEX "ix_host_data_storages_host_data_storage_pair" ON "host_data_storages" ("host_id", "data_storage_id");
CREATE INDEX "ix_host_data_storages_project_id" ON "host_data_storages" ("project_id");

CREATE TABLE "host_reservations" (
    "virtual_machine_id" {text} NOT NULL,
    "host_id" {text} NOT NULL,
    "cpu_count" {bigint} NOT NULL,
    "memory_bytes" {bigint} NOT NULL,
    PRIMARY KEY ("virtual_machine_id"),
    CONSTRAINT "fk_host_reservations_host_id" FOREIGN KEY ("host_id") REFERENCES "hosts" ("id") ON DELETE RESTRICT
){options};
CREATE INDEX "ix_host_reservations_host_id" ON "host_reservations" ("host_id");

CREATE TABLE "image_storages" (
    "id" {text} NOT NULL,
    "project_id" {text} NOT NULL,
    "created_by" {text} NOT NULL,
    "created_at" {bigint} NOT NULL,
    "updated_at" {bigint} NOT NULL,
    "version" {bigint} NOT NULL,
    "name" {text} NOT NULL,
    "description" {text},
    "labels" {text} NOT NULL,
    "kind" {text} NOT NULL,
    "host_id" {text} NOT NULL,
    "path" {text} NOT NULL,
    "state" {text} NOT NULL,
    "capacity_bytes" {bigint} NOT NULL,
    "available_bytes" {bigint} NOT NULL,
    PRIMARY KEY ("id"),
    CONSTRAINT "fk_image_storages_host_id" FOREIGN KEY ("host_id") REFERENCES "hosts" ("id") ON DELETE RESTRICT
){options};
CREATE INDEX "ix_image_storages_host_id" ON "image_storages" ("host_id");
CREATE INDEX "ix_image_storages_name" ON "image_storages" ("name");
CREATE INDEX "ix_image_storages_project_id" ON "image_storages" ("project_id");

CREATE TABLE "image_storage_attachments" (
    "id" {text} NOT NULL,
    "project_id" {text} NOT NULL,
    "created_by" {text} NOT NULL,
    "created_at" {bigint} NOT NULL,
    "updated_at" {bigint} NOT NULL,
    "version" {bigint} NOT NULL,
    "image_storage_id" {text} NOT NULL,
    "data_center_id" {text} NOT NULL,
    PRIMARY KEY ("id"),
    CONSTRAINT "fk_image_storage_attachments_image_storage_id" FOREIGN KEY ("image_storage_id") REFERENCES "image_storages" ("id") ON DELETE RESTRICT,
    CONSTRAINT "fk_image_storage_attachments_data_center_id" FOREIGN KEY ("data_center_id") REFERENCES "data_centers" ("id") ON DELETE RESTRICT
){options};
CREATE INDEX "ix_image_storage_attachments_data_center_id" ON "image_storage_attachments" ("data_center_id");
CREATE UNIQUE INDEX "ix_image_storage_attachments_image_storage_attachment_pair" ON "image_storage_attachments" ("image_storage_id", "data_center_id");
CREATE INDEX "ix_image_storage_attachments_project_id" ON "image_storage_attachments" ("project_id");

CREATE TABLE "images" (
    "id" {text} NOT NULL,
    "project_id" {text} NOT NULL,
    "created_by" {text} NOT NULL,
    "created_at" {bigint} NOT NULL,
    "updated_at" {bigint} NOT NULL,
    "version" {bigint} NOT NULL,
    "name" {text} NOT NULL,
    "description" {text},
    "labels" {text} NOT NULL,
    "kind" {text} NOT NULL,
    "format" {text} NOT NULL,
    "architecture" {text} NOT NULL,
    "image_storage_id" {text} NOT NULL,
    "state" {text} NOT NULL,
    "virtual_size_bytes" {bigint} NOT NULL,
    "stored_size_bytes" {bigint} NOT NULL,
    "sha256" {text},
    PRIMARY KEY ("id"),
    CONSTRAINT "fk_images_image_storage_id" FOREIGN KEY ("image_storage_id") REFERENCES "image_storages" ("id") ON DELETE RESTRICT
){options};
CREATE INDEX "ix_images_image_storage_id" ON "images" ("image_storage_id");
CREATE INDEX "ix_images_name" ON "images" ("name");
CREATE INDEX "ix_images_project_id" ON "images" ("project_id");

CREATE TABLE "virtual_machines" (
    "id" {text} NOT NULL,
    "project_id" {text} NOT NULL,
    "created_by" {text} NOT NULL,
    "created_at" {bigint} NOT NULL,
    "updated_at" {bigint} NOT NULL,
    "version" {bigint} NOT NULL,
    "name" {text} NOT NULL,
    "description" {text},
    "labels" {text} NOT NULL,
    "cluster_id" {text} NOT NULL,
    "cpu_count" {bigint} NOT NULL,
    "memory_bytes" {bigint} NOT NULL,
    "architecture" {text} NOT NULL,
    "firmware" {text} NOT NULL,
    "image_id" {text},
    "power_intent" {text} NOT NULL,
    "run_generation" {bigint} NOT NULL,
    "seen_running" {bigint} NOT NULL,
    "seen_ended" {bigint} NOT NULL,
    "placement_host_id" {text},
    "hardware" {text},
    "state" {text} NOT NULL,
    "host_id" {text},
    "observed_sequence" {bigint} NOT NULL,
    "state_changed_at" {bigint},
    "state_reason" {text},
    PRIMARY KEY ("id"),
    CONSTRAINT "fk_virtual_machines_cluster_id" FOREIGN KEY ("cluster_id") REFERENCES "clusters" ("id") ON DELETE RESTRICT,
    CONSTRAINT "fk_virtual_machines_image_id" FOREIGN KEY ("image_id") REFERENCES "images" ("id") ON DELETE RESTRICT,
    CONSTRAINT "fk_virtual_machines_placement_host_id" FOREIGN KEY ("placement_host_id") REFERENCES "hosts" ("id") ON DELETE RESTRICT,
    CONSTRAINT "fk_virtual_machines_host_id" FOREIGN KEY ("host_id") REFERENCES "hosts" ("id") ON DELETE RESTRICT
){options};
CREATE INDEX "ix_virtual_machines_cluster_id" ON "virtual_machines" ("cluster_id");
CREATE INDEX "ix_virtual_machines_host_id" ON "virtual_machines" ("host_id");
CREATE INDEX "ix_virtual_machines_image_id" ON "virtual_machines" ("image_id");
CREATE INDEX "ix_virtual_machines_name" ON "virtual_machines" ("name");
CREATE INDEX "ix_virtual_machines_placement_host_id" ON "virtual_machines" ("placement_host_id");
CREATE INDEX "ix_virtual_machines_project_id" ON "virtual_machines" ("project_id");

CREATE TABLE "port_groups" (
    "id" {text} NOT NULL,
    "project_id" {text} NOT NULL,
    "created_by" {text} NOT NULL,
    "created_at" {bigint} NOT NULL,
    "updated_at" {bigint} NOT NULL,
    "version" {bigint} NOT NULL,
    "name" {text} NOT NULL,
    "description" {text},
    "labels" {text} NOT NULL,
    "data_center_id" {text} NOT NULL,
    "kind" {text} NOT NULL,
    PRIMARY KEY ("id"),
    CONSTRAINT "fk_port_groups_data_center_id" FOREIGN KEY ("data_center_id") REFERENCES "data_centers" ("id") ON DELETE RESTRICT
){options};
CREATE INDEX "ix_port_groups_data_center_id" ON "port_groups" ("data_center_id");
CREATE INDEX "ix_port_groups_name" ON "port_groups" ("name");
CREATE INDEX "ix_port_groups_project_id" ON "port_groups" ("project_id");

CREATE TABLE "network_interfaces" (
    "id" {text} NOT NULL,
    "project_id" {text} NOT NULL,
    "created_by" {text} NOT NULL,
    "created_at" {bigint} NOT NULL,
    "updated_at" {bigint} NOT NULL,
    "version" {bigint} NOT NULL,
    "name" {text} NOT NULL,
    "description" {text},
    "labels" {text} NOT NULL,
    "virtual_machine_id" {text} NOT NULL,
    "port_group_id" {text} NOT NULL,
    "mac_address" {text} NOT NULL,
    "device_index" {bigint} NOT NULL,
    "model" {text} NOT NULL,
    PRIMARY KEY ("id"),
    CONSTRAINT "fk_network_interfaces_virtual_machine_id" FOREIGN KEY ("virtual_machine_id") REFERENCES "virtual_machines" ("id") ON DELETE RESTRICT,
    CONSTRAINT "fk_network_interfaces_port_group_id" FOREIGN KEY ("port_group_id") REFERENCES "port_groups" ("id") ON DELETE RESTRICT
){options};
CREATE UNIQUE INDEX "ix_network_interfaces_mac_address" ON "network_interfaces" ("mac_address");
CREATE INDEX "ix_network_interfaces_name" ON "network_interfaces" ("name");
CREATE INDEX "ix_network_interfaces_port_group_id" ON "network_interfaces" ("port_group_id");
CREATE INDEX "ix_network_interfaces_project_id" ON "network_interfaces" ("project_id");
CREATE INDEX "ix_network_interfaces_virtual_machine_id" ON "network_interfaces" ("virtual_machine_id");

CREATE TABLE "sessions" (
    "token_hash" {text} NOT NULL,
    "account_id" {text} NOT NULL,
    "created_at" {bigint} NOT NULL,
    "expires_at" {bigint} NOT NULL,
    PRIMARY KEY ("token_hash"),
    CONSTRAINT "fk_sessions_account_id" FOREIGN KEY ("account_id") REFERENCES "accounts" ("id") ON DELETE RESTRICT
){options};
CREATE INDEX "ix_sessions_account_id" ON "sessions" ("account_id");
CREATE INDEX "ix_sessions_expires_at" ON "sessions" ("expires_at");

CREATE TABLE "volumes" (
    "id" {text} NOT NULL,
    "project_id" {text} NOT NULL,
    "created_by" {text} NOT NULL,
    "created_at" {bigint} NOT NULL,
    "updated_at" {bigint} NOT NULL,
    "version" {bigint} NOT NULL,
    "name" {text} NOT NULL,
    "description" {text},
    "labels" {text} NOT NULL,
    "virtual_machine_id" {text},
    "data_storage_id" {text} NOT NULL,
    "host_id" {text},
    "role" {text} NOT NULL,
    "size_bytes" {bigint} NOT NULL,
    "format" {text} NOT NULL,
    "image_id" {text},
    "device_index" {bigint},
    "serial" {text} NOT NULL,
    "active_layer_id" {text},
    "state" {text} NOT NULL,
    PRIMARY KEY ("id"),
    CONSTRAINT "fk_volumes_virtual_machine_id" FOREIGN KEY ("virtual_machine_id") REFERENCES "virtual_machines" ("id") ON DELETE RESTRICT,
    CONSTRAINT "fk_volumes_data_storage_id" FOREIGN KEY ("data_storage_id") REFERENCES "data_storages" ("id") ON DELETE RESTRICT,
    CONSTRAINT "fk_volumes_host_id" FOREIGN KEY ("host_id") REFERENCES "hosts" ("id") ON DELETE RESTRICT,
    CONSTRAINT "fk_volumes_image_id" FOREIGN KEY ("image_id") REFERENCES "images" ("id") ON DELETE RESTRICT
){options};
CREATE INDEX "ix_volumes_data_storage_id" ON "volumes" ("data_storage_id");
CREATE INDEX "ix_volumes_host_id" ON "volumes" ("host_id");
CREATE INDEX "ix_volumes_image_id" ON "volumes" ("image_id");
CREATE INDEX "ix_volumes_name" ON "volumes" ("name");
CREATE INDEX "ix_volumes_project_id" ON "volumes" ("project_id");
CREATE INDEX "ix_volumes_virtual_machine_id" ON "volumes" ("virtual_machine_id");

CREATE TABLE "volume_layers" (
    "id" {text} NOT NULL,
    "project_id" {text} NOT NULL,
    "created_by" {text} NOT NULL,
    "created_at" {bigint} NOT NULL,
    "updated_at" {bigint} NOT NULL,
    "version" {bigint} NOT NULL,
    "volume_id" {text},
    "parent_layer_id" {text},
    "data_storage_id" {text} NOT NULL,
    "host_id" {text},
    "image_id" {text},
    "role" {text} NOT NULL,
    "format" {text} NOT NULL,
    "size_bytes" {bigint} NOT NULL,
    "immutable" {smallint} NOT NULL,
    "state" {text} NOT NULL,
    PRIMARY KEY ("id"),
    CONSTRAINT "fk_volume_layers_volume_id" FOREIGN KEY ("volume_id") REFERENCES "volumes" ("id") ON DELETE RESTRICT,
    CONSTRAINT "fk_volume_layers_parent_layer_id" FOREIGN KEY ("parent_layer_id") REFERENCES "volume_layers" ("id") ON DELETE RESTRICT,
    CONSTRAINT "fk_volume_layers_data_storage_id" FOREIGN KEY ("data_storage_id") REFERENCES "data_storages" ("id") ON DELETE RESTRICT,
    CONSTRAINT "fk_volume_layers_host_id" FOREIGN KEY ("host_id") REFERENCES "hosts" ("id") ON DELETE RESTRICT,
    CONSTRAINT "fk_volume_layers_image_id" FOREIGN KEY ("image_id") REFERENCES "images" ("id") ON DELETE RESTRICT
){options};
CREATE INDEX "ix_volume_layers_data_storage_id" ON "volume_layers" ("data_storage_id");
CREATE INDEX "ix_volume_layers_image_id" ON "volume_layers" ("image_id");
CREATE INDEX "ix_volume_layers_parent_layer_id" ON "volume_layers" ("parent_layer_id");
CREATE INDEX "ix_volume_layers_project_id" ON "volume_layers" ("project_id");
CREATE INDEX "ix_volume_layers_volume_id" ON "volume_layers" ("volume_id");
CREATE INDEX "ix_volume_layers_volume_layer_image_host" ON "volume_layers" ("host_id", "image_id");
