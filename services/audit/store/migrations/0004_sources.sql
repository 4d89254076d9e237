-- How far each source has come, beyond the last number in audit_source. One row per source, written with every delivery.
CREATE TABLE audit_source_state (
  source_id INTEGER NOT NULL PRIMARY KEY,
  -- The running hash over what arrived, up to audit_source.last_sequence: a heartbeat is held against it.
  chain_hash BLOB NOT NULL,
  last_time_ns INTEGER NOT NULL,
  arrival_time_us INTEGER NOT NULL,
  claimed_sequence INTEGER NOT NULL,
  stopped INTEGER NOT NULL,
  heartbeat_time_ns INTEGER NOT NULL,
  heartbeat_interval_seconds INTEGER NOT NULL,
  hash_mismatch INTEGER NOT NULL
) STRICT;
