-- The logs this one continues: after a declared restore a new one begins.

CREATE TABLE audit_origin (
  number INTEGER NOT NULL PRIMARY KEY,
  origin TEXT NOT NULL,
  note TEXT NOT NULL,
  open_time_us INTEGER NOT NULL
) STRICT;
