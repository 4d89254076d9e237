-- How far each assertion has been held against the log, and what broke it.

CREATE TABLE audit_assertion (
  code TEXT NOT NULL PRIMARY KEY,
  version INTEGER NOT NULL,
  evaluated_size INTEGER NOT NULL
) STRICT;
