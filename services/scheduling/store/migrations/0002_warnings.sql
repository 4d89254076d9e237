-- What the start of a session warned of, encoded; empty when nothing was.
ALTER TABLE appointment ADD COLUMN warnings BLOB NOT NULL DEFAULT X'';
