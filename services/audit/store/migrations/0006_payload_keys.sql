-- One key per patient, wrapped by the master key. Destroying the row erases what it encrypts.

CREATE TABLE audit_patient_key (
  pseudonym TEXT NOT NULL,
  generation INTEGER NOT NULL,
  wrapped_key BLOB NOT NULL,
  PRIMARY KEY (pseudonym, generation)
) STRICT, WITHOUT ROWID;
