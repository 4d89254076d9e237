-- Controls over the log: assertions with what broke them, auditor grants, emergency accesses. No patient is named in any of these
-- tables: a patient is a pseudonym.

-- How far each assertion has been held against the log.
CREATE TABLE audit_assertion (
  code TEXT NOT NULL PRIMARY KEY,
  version INTEGER NOT NULL,
  evaluated_size INTEGER NOT NULL
) STRICT;

-- Entries whose judgement waits for what may still come, until due_us.
CREATE TABLE audit_assertion_wait (
  code TEXT NOT NULL,
  entry_index INTEGER NOT NULL,
  due_us INTEGER NOT NULL,
  PRIMARY KEY (code, entry_index)
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_assertion_wait_due ON audit_assertion_wait (due_us);

-- What broke an assertion. `related` holds the indexes of further entries, separated by commas.
CREATE TABLE audit_violation (
  row INTEGER NOT NULL PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  assertion TEXT NOT NULL,
  version INTEGER NOT NULL,
  entry_index INTEGER NOT NULL,
  related TEXT NOT NULL,
  site TEXT NOT NULL,
  actor TEXT NOT NULL,
  explanation TEXT NOT NULL,
  entry_us INTEGER NOT NULL,
  find_us INTEGER NOT NULL,
  UNIQUE (assertion, version, entry_index)
) STRICT;
CREATE INDEX audit_violation_site ON audit_violation (site, row);

CREATE TABLE audit_auditor_grant (
  row INTEGER NOT NULL PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  subject TEXT NOT NULL,
  scope TEXT NOT NULL,
  purpose TEXT NOT NULL,
  payloads INTEGER NOT NULL,
  start_us INTEGER NOT NULL,
  expire_us INTEGER NOT NULL,
  creator TEXT NOT NULL,
  create_us INTEGER NOT NULL,
  revoke_us INTEGER NOT NULL
) STRICT;
CREATE INDEX audit_auditor_grant_subject ON audit_auditor_grant (subject, expire_us);

CREATE TABLE audit_emergency_access (
  row INTEGER NOT NULL PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  subject TEXT NOT NULL,
  pseudonym TEXT NOT NULL,
  justification TEXT NOT NULL,
  create_us INTEGER NOT NULL,
  expire_us INTEGER NOT NULL,
  review INTEGER NOT NULL,
  reviewer TEXT NOT NULL,
  review_us INTEGER NOT NULL,
  review_note TEXT NOT NULL
) STRICT;
CREATE INDEX audit_emergency_access_subject ON audit_emergency_access (subject, pseudonym, expire_us);
