-- The key index: per run of consecutive entries the entries under each patient, lot, appointment, actor and site, as a Merkle
-- tree over the sorted keys whose root the checkpoint signs.

CREATE TABLE audit_index_run (
  begin_index INTEGER NOT NULL,
  end_index INTEGER NOT NULL,
  keys INTEGER NOT NULL,
  root BLOB NOT NULL CONSTRAINT run_root_is_a_hash CHECK (length(root) = 32),
  PRIMARY KEY (begin_index, end_index)
) STRICT;
