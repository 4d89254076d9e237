-- Storage units as objects of their own, and ledger lines that take others back.

CREATE TABLE storage_unit (
  name TEXT NOT NULL PRIMARY KEY,
  site TEXT NOT NULL,
  display_name TEXT NOT NULL,
  kind TEXT NOT NULL CONSTRAINT storage_unit_kind_is_known CHECK (
    kind IN ('MIXED', 'ROOM', 'FRIDGE', 'FREEZER', 'EMERGENCY_KIT')),
  temperature_min_decidegrees INTEGER,
  temperature_max_decidegrees INTEGER,
  revision INTEGER NOT NULL,
  update_time_us INTEGER NOT NULL,
  CONSTRAINT storage_unit_range_is_whole CHECK (
    (temperature_min_decidegrees IS NULL) = (temperature_max_decidegrees IS NULL)),
  CONSTRAINT storage_unit_range_is_ordered CHECK (
    temperature_min_decidegrees IS NULL OR temperature_min_decidegrees <= temperature_max_decidegrees)
) STRICT;

-- Every site has main; a code that stock was received under before is one of its units from now on.
INSERT INTO storage_unit (name, site, display_name, kind, revision, update_time_us)
SELECT name || '/storageUnits/main', name, 'Main', 'MIXED', 1, 0 FROM site;
INSERT INTO storage_unit (name, site, display_name, kind, revision, update_time_us)
SELECT DISTINCT site || '/storageUnits/' || unit, site, unit, 'MIXED', 1, 0 FROM balance
WHERE unit <> 'main';

ALTER TABLE movement ADD COLUMN reverses INTEGER NOT NULL DEFAULT 0;
ALTER TABLE movement ADD COLUMN reversed_kind INTEGER NOT NULL DEFAULT 0;
ALTER TABLE movement ADD COLUMN reversal_reason INTEGER NOT NULL DEFAULT 0;
-- A line is taken back once. Only reversals are in the index: other lines stay free of one.
CREATE UNIQUE INDEX movement_reversal ON movement (reverses) WHERE reverses > 0;
