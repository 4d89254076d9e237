-- The audit log. Everything here is appended and never changed; triggers refuse an UPDATE or DELETE, and what gets around them is
-- found by verification.

-- Who has sent entries, and how far each has come.
CREATE TABLE audit_source (
  source_id INTEGER NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  epoch TEXT NOT NULL,
  last_sequence INTEGER NOT NULL CONSTRAINT source_sequence_is_positive CHECK (last_sequence > 0),
  UNIQUE (name, epoch)
) STRICT;

-- Where a source's entries are. Every source appends at its own end: a few hot pages.
CREATE TABLE audit_source_entry (
  source_id INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  entry_index INTEGER NOT NULL,
  PRIMARY KEY (source_id, sequence)
) STRICT, WITHOUT ROWID;

-- The leaves' exact bytes, by their place in the log. The time is a copy of the leaf's, for ordering.
CREATE TABLE audit_entry (
  entry_index INTEGER NOT NULL PRIMARY KEY CONSTRAINT entry_index_is_not_negative CHECK (entry_index >= 0),
  time_ns INTEGER NOT NULL,
  leaf BLOB NOT NULL
) STRICT;

-- What leaves commit to: patients and facts, only for entries that name a patient.
CREATE TABLE audit_payload (
  entry_index INTEGER NOT NULL PRIMARY KEY,
  salt BLOB NOT NULL,
  payload BLOB NOT NULL
) STRICT;

-- Per leaf its hash and those of the tree nodes it completed, bottom up, 32 bytes each.
CREATE TABLE audit_tree (
  entry_index INTEGER NOT NULL PRIMARY KEY,
  hashes BLOB NOT NULL CONSTRAINT tree_row_has_hashes CHECK (length(hashes) >= 32 AND length(hashes) % 32 = 0)
) STRICT;

-- Finding entries by patient, lot, appointment, actor, site, request, object or correlation: 64 bits of a hash each. The keys are
-- random, so they are kept in segments of 4096 entries: inserts stay within the newest segment's few hundred kilobytes
-- whatever the size of the log, and a search looks into each segment once.
CREATE TABLE audit_key (
  segment INTEGER NOT NULL,
  key INTEGER NOT NULL,
  entry_index INTEGER NOT NULL,
  PRIMARY KEY (segment, key, entry_index)
) STRICT, WITHOUT ROWID;

-- The span of times in each run of 1024 entries: a search by time passes over the others.
CREATE TABLE audit_time_block (
  block INTEGER NOT NULL PRIMARY KEY,
  time_min_ns INTEGER NOT NULL,
  time_max_ns INTEGER NOT NULL
) STRICT;

-- Signed checkpoints: the newest, and the last of every hour before.
CREATE TABLE audit_checkpoint (
  tree_size INTEGER NOT NULL PRIMARY KEY,
  note TEXT NOT NULL,
  sign_time_us INTEGER NOT NULL
) STRICT;

-- The public keys that have signed.
CREATE TABLE audit_log_key (
  verifier_key TEXT NOT NULL PRIMARY KEY,
  first_use_us INTEGER NOT NULL
) STRICT;

CREATE TRIGGER audit_entry_is_written_once BEFORE UPDATE ON audit_entry
BEGIN
  SELECT RAISE(ABORT, 'entry_is_immutable');
END;

CREATE TRIGGER audit_entry_is_kept BEFORE DELETE ON audit_entry
BEGIN
  SELECT RAISE(ABORT, 'entry_is_immutable');
END;

CREATE TRIGGER audit_tree_is_written_once BEFORE UPDATE ON audit_tree
BEGIN
  SELECT RAISE(ABORT, 'tree_is_immutable');
END;

CREATE TRIGGER audit_tree_is_kept BEFORE DELETE ON audit_tree
BEGIN
  SELECT RAISE(ABORT, 'tree_is_immutable');
END;

CREATE TRIGGER audit_payload_is_written_once BEFORE UPDATE ON audit_payload
BEGIN
  SELECT RAISE(ABORT, 'payload_is_immutable');
END;

CREATE TRIGGER audit_checkpoint_is_written_once BEFORE UPDATE ON audit_checkpoint
BEGIN
  SELECT RAISE(ABORT, 'checkpoint_is_immutable');
END;
