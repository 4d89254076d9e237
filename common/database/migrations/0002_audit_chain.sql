-- What a process says of itself in the audit log, and what it must remember for that.

-- The running hash over the audit entries 1 to audit_chain_sequence, which is never behind audit_deleted: an entry is hashed
-- before it goes.
ALTER TABLE meso_source ADD COLUMN audit_chain_sequence INTEGER NOT NULL DEFAULT 0;
ALTER TABLE meso_source ADD COLUMN audit_chain_hash BLOB NOT NULL
  DEFAULT x'0000000000000000000000000000000000000000000000000000000000000000';
UPDATE meso_source SET audit_chain_sequence = audit_deleted;

-- Digests of flags and key files as the process last saw them, its epoch, and whether it has ended in order.
CREATE TABLE meso_process_memory (
  name TEXT NOT NULL PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
