-- Stock counts with every time a shelf was counted, and what a site used of its lots.

CREATE TABLE stock_count (
  id INTEGER NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  site TEXT NOT NULL,
  state TEXT NOT NULL CONSTRAINT stock_count_state_is_known CHECK (
    state IN ('OPEN', 'POSTED', 'CANCELLED')),
  unit TEXT NOT NULL,
  products TEXT NOT NULL,
  abc_class INTEGER NOT NULL,
  creator TEXT NOT NULL,
  create_time_us INTEGER NOT NULL,
  poster TEXT NOT NULL,
  post_time_us INTEGER,
  revision INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX stock_count_by_name ON stock_count (name);

-- The shelves of a count, as they were counted last.
CREATE TABLE stock_count_line (
  stock_count INTEGER NOT NULL REFERENCES stock_count (id),
  position INTEGER NOT NULL,
  lot INTEGER NOT NULL REFERENCES lot (id),
  unit TEXT NOT NULL,
  exact INTEGER NOT NULL,
  counts INTEGER NOT NULL,
  counted INTEGER NOT NULL CONSTRAINT stock_count_line_not_negative CHECK (counted >= 0),
  book INTEGER NOT NULL,
  recount INTEGER NOT NULL,
  counter TEXT NOT NULL,
  count_time_us INTEGER,
  reason TEXT NOT NULL,
  PRIMARY KEY (stock_count, position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX stock_count_line_by_shelf ON stock_count_line (stock_count, lot, unit);

-- Every time a shelf was counted. Appended only.
CREATE TABLE stock_count_entry (
  stock_count INTEGER NOT NULL,
  position INTEGER NOT NULL,
  number INTEGER NOT NULL,
  counted INTEGER NOT NULL,
  book INTEGER NOT NULL,
  counter TEXT NOT NULL,
  count_time_us INTEGER NOT NULL,
  PRIMARY KEY (stock_count, position, number)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER stock_count_entry_is_written_once BEFORE UPDATE ON stock_count_entry
BEGIN
  SELECT RAISE(ABORT, 'stock_count_entry_is_immutable');
END;
CREATE TRIGGER stock_count_entry_is_kept BEFORE DELETE ON stock_count_entry
BEGIN
  SELECT RAISE(ABORT, 'stock_count_entry_is_immutable');
END;
