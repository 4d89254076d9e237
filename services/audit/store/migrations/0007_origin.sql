-- Declared restores: which entry opened which origin of the log, and the numbers of sources that were lost with it. What an opening says is in
-- its entry; these rows only find it.

CREATE TABLE audit_origin (
  entry_index INTEGER NOT NULL PRIMARY KEY CONSTRAINT origin_entry_is_not_negative CHECK (entry_index >= 0),
  origin TEXT NOT NULL UNIQUE
) STRICT;

CREATE TRIGGER audit_origin_is_written_once BEFORE UPDATE ON audit_origin
BEGIN
  SELECT RAISE(ABORT, 'origin_is_immutable');
END;

CREATE TRIGGER audit_origin_is_kept BEFORE DELETE ON audit_origin
BEGIN
  SELECT RAISE(ABORT, 'origin_is_immutable');
END;

-- Numbers first_sequence to last_sequence of the source are not in the log: it had them before the opening at opening_index was necessary.
CREATE TABLE audit_source_gap (
  source_id INTEGER NOT NULL,
  first_sequence INTEGER NOT NULL,
  last_sequence INTEGER NOT NULL CONSTRAINT gap_is_not_empty CHECK (last_sequence >= first_sequence),
  opening_index INTEGER NOT NULL,
  PRIMARY KEY (source_id, first_sequence)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER audit_source_gap_is_written_once BEFORE UPDATE ON audit_source_gap
BEGIN
  SELECT RAISE(ABORT, 'gap_is_immutable');
END;

CREATE TRIGGER audit_source_gap_is_kept BEFORE DELETE ON audit_source_gap
BEGIN
  SELECT RAISE(ABORT, 'gap_is_immutable');
END;
