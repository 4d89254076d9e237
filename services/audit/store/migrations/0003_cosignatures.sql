-- What witnesses have signed.

CREATE TABLE audit_cosignature (
  tree_size INTEGER NOT NULL,
  witness TEXT NOT NULL,
  line TEXT NOT NULL,
  add_time_us INTEGER NOT NULL,
  PRIMARY KEY (tree_size, witness)
) STRICT, WITHOUT ROWID;
