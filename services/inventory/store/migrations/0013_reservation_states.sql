-- SQLite makes a table of its own for a list behind IN each time it looks into it, and a change of a reservation's state looked into
-- three: in the CHECK and twice in an index's condition. Both are spelled out instead. Allocations refer to reservations, so both tables are
-- written anew.
CREATE TABLE reservation_spelled (
  id INTEGER NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  site TEXT NOT NULL,
  cocktail TEXT NOT NULL,
  appointment TEXT NOT NULL,
  use_time_us INTEGER NOT NULL,
  use_date TEXT NOT NULL,
  state TEXT NOT NULL CONSTRAINT reservation_state_is_known CHECK (
    state = 'PROMISED' OR state = 'RESERVED' OR state = 'CONFIRMED' OR state = 'INVALIDATED' OR state = 'DRAWN' OR
    state = 'RELEASED' OR state = 'EXPIRED'),
  confirmed INTEGER NOT NULL,
  expire_time_us INTEGER NOT NULL,
  create_time_us INTEGER NOT NULL,
  invalid_reasons TEXT NOT NULL,
  revision INTEGER NOT NULL
) STRICT;
INSERT INTO reservation_spelled
SELECT id, name, site, cocktail, appointment, use_time_us, use_date, state, confirmed, expire_time_us, create_time_us,
  invalid_reasons, revision
FROM reservation;
CREATE TABLE allocation_spelled (
  reservation INTEGER NOT NULL REFERENCES reservation_spelled (id),
  lot INTEGER NOT NULL REFERENCES lot (id),
  unit TEXT NOT NULL,
  ampoules INTEGER NOT NULL CONSTRAINT allocation_is_positive CHECK (ampoules > 0),
  drawn INTEGER NOT NULL,
  PRIMARY KEY (reservation, lot, unit),
  CONSTRAINT allocation_drawn_is_allocated CHECK (drawn BETWEEN 0 AND ampoules)
) STRICT, WITHOUT ROWID;
INSERT INTO allocation_spelled SELECT reservation, lot, unit, ampoules, drawn FROM allocation;
DROP TABLE allocation;
DROP TABLE reservation;
ALTER TABLE reservation_spelled RENAME TO reservation;
ALTER TABLE allocation_spelled RENAME TO allocation;
CREATE UNIQUE INDEX reservation_by_name ON reservation (name);
-- What may have lapsed at a site. A query that is to use it names the same three states.
CREATE INDEX reservation_by_lapse ON reservation (site, expire_time_us)
  WHERE state <> 'DRAWN' AND state <> 'RELEASED' AND state <> 'EXPIRED';
-- What waits for usable stock.
CREATE INDEX reservation_invalidated ON reservation (use_time_us) WHERE state = 'INVALIDATED';
-- What waits for the allocation horizon.
CREATE INDEX reservation_promised ON reservation (site, use_date) WHERE state = 'PROMISED';
CREATE INDEX reservation_by_appointment ON reservation (appointment) WHERE appointment <> '';
CREATE INDEX allocation_by_lot ON allocation (lot, reservation);
