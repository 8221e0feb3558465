-- Labels that are there already.
INSERT INTO label_index (source, name, value, resource_id) SELECT 'clusters.labels', j."key", j.value, r.id FROM "clusters" AS r, json_each(r.labels) AS j; -- only sqlite
INSERT INTO label_index (source, name, value, resource_id) SELECT 'clusters.labels', j."key", j.value, r.id FROM "clusters" AS r, json_each_text(r.labels::json) AS j WHERE r.labels <> '{}'; -- only postgresql
INSERT INTO label_index (source, name, value, resource_id) SELECT 'data_centers.labels', j."key", j.value, r.id FROM "data_centers" AS r, json_each(r.labels) AS j; -- only sqlite
INSERT INTO label_index (source, name, value, resource_id) SELECT 'data_centers.labels', j."key", j.value, r.id FROM "data_centers" AS r, json_each_text(r.labels::json) AS j WHERE r.labels <> '{}'; -- only postgresql
INSERT INTO label_index (source, name, value, resource_id) SELECT 'data_storages.labels', j."key", j.value, r.id FROM "data_storages" AS r, json_each(r.labels) AS j; -- only sqlite
INSERT INTO label_index (source, name, value, resource_id) SELECT 'data_storages.labels', j."key", j.value, r.id FROM "data_storages" AS r, json_each_text(r.labels::json) AS j WHERE r.labels <> '{}'; -- only postgresql
INSERT INTO label_index (source, name, value, resource_id) SELECT 'hosts.labels', j."key", j.value, r.id FROM "hosts" AS r, json_each(r.labels) AS j; -- only sqlite
INSERT INTO label_index (source, name, value, resource_id) SELECT 'hosts.labels', j."key", j.value, r.id FROM "hosts" AS r, json_each_text(r.labels::json) AS j WHERE r.labels <> '{}'; -- only postgresql
INSERT INTO label_index (source, name, value, resource_id) SELECT 'image_storages.labels', j."key", j.value, r.id FROM "image_storages" AS r, json_each(r.labels) AS j; -- only sqlite
INSERT INTO label_index (source, name, value, resource_id) SELECT 'image_storages.labels', j."key", j.value, r.id FROM "image_storages" AS r, json_each_text(r.labels::json) AS j WHERE r.labels <> '{}'; -- only postgresql
INSERT INTO label_index (source, name, value, resource_id) SELECT 'images.labels', j."key", j.value, r.id FROM "images" AS r, json_each(r.labels) AS j; -- only sqlite
INSERT INTO label_index (source, name, value, resource_id) SELECT 'images.labels', j."key", j.value, r.id FROM "images" AS r, json_each_text(r.labels::json) AS j WHERE r.labels <> '{}'; -- only postgresql
INSERT INTO label_index (source, name, value, resource_id) SELECT 'network_interfaces.labels', j."key", j.value, r.id FROM "network_interfaces" AS r, json_each(r.labels) AS j; -- only sqlite
INSERT INTO label_index (source, name, value, resource_id) SELECT 'network_interfaces.labels', j."key", j.value, r.id FROM "network_interfaces" AS r, json_each_text(r.labels::json) AS j WHERE r.labels <> '{}'; -- only postgresql
INSERT INTO label_index (source, name, value, resource_id) SELECT 'port_groups.labels', j."key", j.value, r.id FROM "port_groups" AS r, json_each(r.labels) AS j; -- only sqlite
INSERT INTO label_index (source, name, value, resource_id) SELECT 'port_groups.labels', j."key", j.value, r.id FROM "port_groups" AS r, json_each_text(r.labels::json) AS j WHERE r.labels <> '{}'; -- only postgresql
INSERT INTO label_index (source, name, value, resource_id) SELECT 'schedules.labels', j."key", j.value, r.id FROM "schedules" AS r, json_each(r.labels) AS j; -- only sqlite
INSERT INTO label_index (source, name, value, resource_id) SELECT 'schedules.labels', j."key", j.value, r.id FROM "schedules" AS r, json_each_text(r.labels::json) AS j WHERE r.labels <> '{}'; -- only postgresql
INSERT INTO label_index (source, name, value, resource_id) SELECT 'virtual_machines.labels', j."key", j.value, r.id FROM "virtual_machines" AS r, json_each(r.labels) AS j; -- only sqlite
INSERT INTO label_index (source, name, value, resource_id) SELECT 'virtual_machines.labels', j."key", j.value, r.id FROM "virtual_machines" AS r, json_each_text(r.labels::json) AS j WHERE r.labels <> '{}'; -- only postgresql
INSERT INTO label_index (source, name, value, resource_id) SELECT 'volumes.labels', j."key", j.value, r.id FROM "volumes" AS r, json_each(r.labels) AS j; -- only sqlite
INSERT INTO label_index (source, name, value, resource_id) SELECT 'volumes.labels', j."key", j.value, r.id FROM "volumes" AS r, json_each_text(r.labels::json) AS j WHERE r.labels <> '{}'; -- only postgresql
