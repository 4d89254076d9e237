-- What is handed out for use at home, and what inspections found.

-- The head of a patient's chain of dispensings, beside that of administrations.
ALTER TABLE patient ADD COLUMN last_dispensing INTEGER NOT NULL DEFAULT 0;

-- Appended only; a patient's dispensings are chained by patient_previous.
CREATE TABLE dispensing (
  id INTEGER NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  site TEXT NOT NULL,
  patient TEXT NOT NULL,
  practitioner TEXT NOT NULL,
  lot INTEGER NOT NULL REFERENCES lot (id),
  ampoules INTEGER NOT NULL CONSTRAINT dispensing_is_positive CHECK (ampoules > 0),
  use_until_date TEXT NOT NULL,
  record_time_us INTEGER NOT NULL,
  recorder TEXT NOT NULL,
  patient_previous INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX dispensing_by_name ON dispensing (name);
CREATE INDEX dispensing_by_lot ON dispensing (lot);
CREATE TRIGGER dispensing_is_written_once BEFORE UPDATE ON dispensing
BEGIN
  SELECT RAISE(ABORT, 'dispensing_is_immutable');
END;
CREATE TRIGGER dispensing_is_kept BEFORE DELETE ON dispensing
BEGIN
  SELECT RAISE(ABORT, 'dispensing_is_immutable');
END;

-- Appended only: what an inspection of a lot found, and who says so.
CREATE TABLE inspection (
  id INTEGER NOT NULL PRIMARY KEY,
  lot INTEGER NOT NULL REFERENCES lot (id),
  outcome TEXT NOT NULL,
  note TEXT NOT NULL,
  inspector TEXT NOT NULL,
  inspect_time_us INTEGER NOT NULL
) STRICT;
CREATE INDEX inspection_by_lot ON inspection (lot);
CREATE TRIGGER inspection_is_written_once BEFORE UPDATE ON inspection
BEGIN
  SELECT RAISE(ABORT, 'inspection_is_immutable');
END;
CREATE TRIGGER inspection_is_kept BEFORE DELETE ON inspection
BEGIN
  SELECT RAISE(ABORT, 'inspection_is_immutable');
END;
