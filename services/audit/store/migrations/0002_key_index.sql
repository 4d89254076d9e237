-- The key index: per run of consecutive entries the entries under each patient, lot, appointment, actor and site, as a Merkle
-- tree over the sorted keys whose root the checkpoint signs. All of it follows from the entries: what is damaged here fails its
-- proofs, and may be dropped and is built again.

-- The runs. A run is written in steps and counts once it is published (state 1; before 0); one that a larger run has replaced
-- stays until the newest checkpoint no longer lists it, then it is retired (2) and its pages go in steps.
CREATE TABLE audit_index_run (
  run_id INTEGER NOT NULL PRIMARY KEY,
  state INTEGER NOT NULL CONSTRAINT run_state_is_known CHECK (state IN (0, 1, 2)),
  begin_index INTEGER NOT NULL,
  end_index INTEGER NOT NULL CONSTRAINT run_is_not_empty CHECK (end_index > begin_index),
  keys INTEGER NOT NULL,
  root BLOB NOT NULL CONSTRAINT run_root_is_a_hash CHECK (length(root) = 32)
) STRICT;

CREATE UNIQUE INDEX audit_index_run_published ON audit_index_run (begin_index, end_index) WHERE state = 1;
CREATE INDEX audit_index_run_by_state ON audit_index_run (state, begin_index);

-- 64 keys of a run each, in order. page_id = run_id * 2^32 + number, so a run's pages lie together; the hashes come before
-- the body, so that reading them does not read it.
CREATE TABLE audit_index_page (
  page_id INTEGER NOT NULL PRIMARY KEY,
  run_id INTEGER NOT NULL,
  first_key BLOB NOT NULL,
  hashes BLOB NOT NULL,
  body BLOB NOT NULL
) STRICT;

CREATE INDEX audit_index_page_by_key ON audit_index_page (run_id, first_key);

-- Postings too long for a page: a site's, a busy actor's.
CREATE TABLE audit_index_postings (
  run_id INTEGER NOT NULL,
  place INTEGER NOT NULL,
  postings BLOB NOT NULL,
  PRIMARY KEY (run_id, place)
) STRICT, WITHOUT ROWID;

-- The runs the newest checkpoint with an index signs: begin, end, keys (8 bytes each), root. One row.
CREATE TABLE audit_index_root (
  tree_size INTEGER NOT NULL PRIMARY KEY,
  runs BLOB NOT NULL
) STRICT;
