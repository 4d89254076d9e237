-- What the log says about patients, encrypted under a key per patient; destroying the key erases it. Legal holds, what was erased, and
-- how far pruning has come.

-- One key per patient and generation, wrapped by the master key `master`. The empty pseudonym is the log itself: facts about nobody in
-- particular.
CREATE TABLE audit_patient_key (
  pseudonym TEXT NOT NULL,
  generation INTEGER NOT NULL CONSTRAINT key_generation_is_positive CHECK (generation > 0),
  master TEXT NOT NULL,
  wrapped_key BLOB NOT NULL,
  PRIMARY KEY (pseudonym, generation)
) STRICT, WITHOUT ROWID;

-- The parts of payloads. `cipher` is a nonce of 12 bytes, salt and payload under the key, and a tag of 16; it is empty once the part was
-- pruned. The commitment stays for ever.
CREATE TABLE audit_payload_part (
  entry_index INTEGER NOT NULL,
  part INTEGER NOT NULL,
  pseudonym TEXT NOT NULL,
  generation INTEGER NOT NULL,
  commitment BLOB NOT NULL CONSTRAINT commitment_is_a_hash CHECK (length(commitment) = 32),
  cipher BLOB NOT NULL,
  PRIMARY KEY (entry_index, part)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER audit_payload_part_is_only_emptied BEFORE UPDATE ON audit_payload_part
WHEN length(NEW.cipher) > 0 OR NEW.commitment IS NOT OLD.commitment OR NEW.pseudonym IS NOT OLD.pseudonym
  OR NEW.generation IS NOT OLD.generation OR NEW.entry_index IS NOT OLD.entry_index OR NEW.part IS NOT OLD.part
BEGIN
  SELECT RAISE(ABORT, 'payload_is_immutable');
END;

CREATE TRIGGER audit_payload_part_is_kept BEFORE DELETE ON audit_payload_part
BEGIN
  SELECT RAISE(ABORT, 'payload_is_immutable');
END;

-- audit_payload holds what was written in the clear before; its rows are moved into audit_payload_part at start.
DROP TRIGGER audit_payload_is_written_once;

CREATE TABLE audit_legal_hold (
  hold_number INTEGER NOT NULL PRIMARY KEY,
  hold_id TEXT NOT NULL UNIQUE,
  filter TEXT NOT NULL,
  reason TEXT NOT NULL,
  creator TEXT NOT NULL,
  create_time_us INTEGER NOT NULL,
  lift_requester TEXT NOT NULL,
  lifter TEXT NOT NULL,
  lift_time_us INTEGER
) STRICT;

-- Erasures, with the last key generation each destroyed. `restored` = done again after an older backup was put back.
CREATE TABLE audit_erasure (
  erasure_id TEXT NOT NULL PRIMARY KEY,
  pseudonym TEXT NOT NULL,
  generation INTEGER NOT NULL,
  erased_payloads INTEGER NOT NULL,
  tree_size INTEGER NOT NULL,
  key_fingerprint BLOB NOT NULL,
  ground TEXT NOT NULL,
  eraser TEXT NOT NULL,
  erase_time_us INTEGER NOT NULL,
  restored INTEGER NOT NULL
) STRICT;

CREATE INDEX audit_erasure_by_pseudonym ON audit_erasure (pseudonym, generation);

-- One row: the first entry the next step of pruning looks at, and when the last round began.
CREATE TABLE audit_prune (
  one INTEGER NOT NULL PRIMARY KEY CONSTRAINT prune_row_is_one CHECK (one = 1),
  next_index INTEGER NOT NULL,
  round_time_us INTEGER NOT NULL
) STRICT;
