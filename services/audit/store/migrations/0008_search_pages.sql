-- The search index of old entries once more, as pages sorted by key: a search looks into one page of each 65,536 entries and not
-- into a segment of each 4096. Made from audit_key beside the appends; rows may be deleted and are made again. A run counts once
-- its last page (end_key is null) is there.
CREATE TABLE audit_search_page (
  run INTEGER NOT NULL,
  first_key INTEGER NOT NULL,
  end_key INTEGER,
  digest BLOB NOT NULL CONSTRAINT search_digest_is_a_hash CHECK (length(digest) = 32),
  body BLOB NOT NULL
) STRICT;

CREATE UNIQUE INDEX audit_search_page_by_key ON audit_search_page (run, first_key);
CREATE UNIQUE INDEX audit_search_run ON audit_search_page (run) WHERE end_key IS NULL;

-- The nodes of the tree's ninth level and above, by the leaf that completed them, 32 bytes each, bottom up: a few megabytes for ten
-- million entries. A path leads through many of them, and each would otherwise be on a page of its own.
CREATE TABLE audit_tree_upper (
  entry_index INTEGER NOT NULL PRIMARY KEY,
  hashes BLOB NOT NULL CONSTRAINT upper_row_has_hashes CHECK (length(hashes) >= 32 AND length(hashes) % 32 = 0)
) STRICT;

INSERT INTO audit_tree_upper (entry_index, hashes)
  SELECT entry_index, substr(hashes, 257) FROM audit_tree WHERE length(hashes) > 256;
DROP TRIGGER audit_tree_is_written_once;
UPDATE audit_tree SET hashes = substr(hashes, 1, 256) WHERE length(hashes) > 256;

CREATE TRIGGER audit_tree_is_written_once BEFORE UPDATE ON audit_tree
BEGIN
  SELECT RAISE(ABORT, 'tree_is_immutable');
END;

CREATE TRIGGER audit_tree_upper_is_written_once BEFORE UPDATE ON audit_tree_upper
BEGIN
  SELECT RAISE(ABORT, 'tree_is_immutable');
END;

CREATE TRIGGER audit_tree_upper_is_kept BEFORE DELETE ON audit_tree_upper
BEGIN
  SELECT RAISE(ABORT, 'tree_is_immutable');
END;
