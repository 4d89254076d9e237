-- What CSV imports did, so that the same file counts once, and what lots cost and where they came from, as imports said.

CREATE TABLE stock_import (
  parent TEXT NOT NULL,
  file_hash BLOB NOT NULL,
  import_time_us INTEGER NOT NULL,
  importer TEXT NOT NULL,
  opening_balance INTEGER NOT NULL,
  row_count INTEGER NOT NULL,
  ampoules INTEGER NOT NULL,
  new_lots INTEGER NOT NULL,
  PRIMARY KEY (parent, file_hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE lot_purchase (
  lot INTEGER NOT NULL PRIMARY KEY REFERENCES lot (id),
  supplier_ref TEXT NOT NULL,
  -- Of one ampoule; NULL = not known.
  unit_cost_cents INTEGER CONSTRAINT lot_purchase_cost_not_negative CHECK (unit_cost_cents >= 0),
  currency TEXT NOT NULL
) STRICT;
