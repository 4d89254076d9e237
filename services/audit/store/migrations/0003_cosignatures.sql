-- What witnesses have signed: the lines that are added to a checkpoint's note. They go with the checkpoint.

CREATE TABLE audit_cosignature (
  tree_size INTEGER NOT NULL,
  witness TEXT NOT NULL,
  line TEXT NOT NULL,
  add_time_us INTEGER NOT NULL,
  PRIMARY KEY (tree_size, witness)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER audit_cosignature_is_written_once BEFORE UPDATE ON audit_cosignature
BEGIN
  SELECT RAISE(ABORT, 'cosignature_is_immutable');
END;
