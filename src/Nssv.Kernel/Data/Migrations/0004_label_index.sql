-- Labels have rows of their own, by which filters find them. Older builds would not keep these, so all managers are stopped for it.
CREATE TABLE "label_index" (
    "source" {text} NOT NULL,
    "name" {text} NOT NULL,
    "value" {text} NOT NULL,
    "resource_id" {text} NOT NULL,
    PRIMARY KEY ("source", "name", "value", "resource_id")
){options};
