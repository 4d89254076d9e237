-- What each source has said of itself in its heartbeats.

CREATE TABLE audit_heartbeat (
  source_id INTEGER NOT NULL PRIMARY KEY,
  sequence INTEGER NOT NULL,
  time_us INTEGER NOT NULL
) STRICT;
