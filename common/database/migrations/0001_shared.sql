-- The tables every service's database has, whatever it is about.

-- Who this database is, and how far its relays have come: one row.
CREATE TABLE meso_source (
  id INTEGER NOT NULL PRIMARY KEY CONSTRAINT source_is_one_row CHECK (id = 1),
  service TEXT NOT NULL,
  epoch TEXT NOT NULL,
  event_relayed INTEGER NOT NULL DEFAULT 0,
  audit_deleted INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Events in their order, appended only. SQLite gives a row the number after the largest one in the
-- table, which is gap-free because a refused transaction takes its row with it, and far cheaper than
-- a counter read back with RETURNING. So the newest row is never deleted.
CREATE TABLE meso_event (
  sequence INTEGER NOT NULL PRIMARY KEY,
  id TEXT NOT NULL,
  type TEXT NOT NULL,
  subject TEXT NOT NULL,
  site TEXT NOT NULL,
  time_us INTEGER NOT NULL,
  trace_parent TEXT NOT NULL,
  data BLOB NOT NULL
) STRICT;

CREATE TRIGGER meso_event_is_written_once BEFORE UPDATE ON meso_event
BEGIN
  SELECT RAISE(ABORT, 'event_is_immutable');
END;

-- Audit entries not yet held by the audit service, numbered in the same way. When the newest entry
-- goes, an empty row keeps its number.
CREATE TABLE meso_audit (
  sequence INTEGER NOT NULL PRIMARY KEY,
  record BLOB NOT NULL
) STRICT;

CREATE TRIGGER meso_audit_is_written_once BEFORE UPDATE ON meso_audit
BEGIN
  SELECT RAISE(ABORT, 'audit_is_immutable');
END;

-- How far another source's events have taken effect here.
CREATE TABLE meso_cursor (
  source TEXT NOT NULL PRIMARY KEY,
  epoch TEXT NOT NULL,
  sequence INTEGER NOT NULL CONSTRAINT cursor_is_not_negative CHECK (sequence >= 0)
) STRICT;

-- Events that could not be digested, kept for a person to look at.
CREATE TABLE meso_dead_letter (
  id INTEGER NOT NULL PRIMARY KEY,
  source TEXT NOT NULL,
  epoch TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  event_id TEXT NOT NULL,
  type TEXT NOT NULL,
  subject TEXT NOT NULL,
  site TEXT NOT NULL,
  event_time_us INTEGER NOT NULL,
  trace_parent TEXT NOT NULL,
  data BLOB NOT NULL,
  why TEXT NOT NULL,
  kept_at_us INTEGER NOT NULL,
  UNIQUE (source, epoch, sequence)
) STRICT;

-- Work that needs another service and must survive a crash.
CREATE TABLE meso_pending_work (
  number INTEGER NOT NULL PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  call_caller TEXT NOT NULL,
  call_method TEXT NOT NULL,
  call_request_id TEXT NOT NULL,
  call_body_hash BLOB NOT NULL,
  caller BLOB NOT NULL,
  subject TEXT NOT NULL,
  step TEXT NOT NULL,
  payload BLOB NOT NULL,
  due_us INTEGER NOT NULL,
  tries INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX meso_pending_work_of_call
  ON meso_pending_work (call_request_id, call_caller, call_method) WHERE call_request_id <> '';
CREATE INDEX meso_pending_work_by_subject ON meso_pending_work (kind, subject);
CREATE INDEX meso_pending_work_by_due ON meso_pending_work (due_us);

-- Answers of mutations: nine daily partitions used in turn (day number modulo nine). The key is the
-- first 16 bytes of a SHA-256 over caller, method and request id; its index is small and the rows
-- themselves are appended.
CREATE TABLE meso_reply_0 (
  number INTEGER NOT NULL PRIMARY KEY,
  key BLOB NOT NULL UNIQUE,
  body_hash BLOB NOT NULL,
  bytes BLOB NOT NULL
) STRICT;
CREATE TABLE meso_reply_1 (
  number INTEGER NOT NULL PRIMARY KEY,
  key BLOB NOT NULL UNIQUE,
  body_hash BLOB NOT NULL,
  bytes BLOB NOT NULL
) STRICT;
CREATE TABLE meso_reply_2 (
  number INTEGER NOT NULL PRIMARY KEY,
  key BLOB NOT NULL UNIQUE,
  body_hash BLOB NOT NULL,
  bytes BLOB NOT NULL
) STRICT;
CREATE TABLE meso_reply_3 (
  number INTEGER NOT NULL PRIMARY KEY,
  key BLOB NOT NULL UNIQUE,
  body_hash BLOB NOT NULL,
  bytes BLOB NOT NULL
) STRICT;
CREATE TABLE meso_reply_4 (
  number INTEGER NOT NULL PRIMARY KEY,
  key BLOB NOT NULL UNIQUE,
  body_hash BLOB NOT NULL,
  bytes BLOB NOT NULL
) STRICT;
CREATE TABLE meso_reply_5 (
  number INTEGER NOT NULL PRIMARY KEY,
  key BLOB NOT NULL UNIQUE,
  body_hash BLOB NOT NULL,
  bytes BLOB NOT NULL
) STRICT;
CREATE TABLE meso_reply_6 (
  number INTEGER NOT NULL PRIMARY KEY,
  key BLOB NOT NULL UNIQUE,
  body_hash BLOB NOT NULL,
  bytes BLOB NOT NULL
) STRICT;
CREATE TABLE meso_reply_7 (
  number INTEGER NOT NULL PRIMARY KEY,
  key BLOB NOT NULL UNIQUE,
  body_hash BLOB NOT NULL,
  bytes BLOB NOT NULL
) STRICT;
CREATE TABLE meso_reply_8 (
  number INTEGER NOT NULL PRIMARY KEY,
  key BLOB NOT NULL UNIQUE,
  body_hash BLOB NOT NULL,
  bytes BLOB NOT NULL
) STRICT;
