-- readable by level 0
CREATE TABLE "observer_positions" (
    "name" {text} NOT NULL,
    "sequence" {bigint} NOT NULL,
    "at" {bigint} NOT NULL,
    PRIMARY KEY ("name")
){options};
