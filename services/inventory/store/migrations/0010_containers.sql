-- Opened containers: their volume from the first puncture to the bin.

CREATE TABLE container (
  id INTEGER NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  site TEXT NOT NULL,
  unit TEXT NOT NULL,
  lot INTEGER NOT NULL REFERENCES lot (id),
  product TEXT NOT NULL,
  appointment TEXT NOT NULL,
  reservation TEXT NOT NULL,
  state INTEGER NOT NULL CONSTRAINT container_state_is_known CHECK (state BETWEEN 1 AND 3),
  size INTEGER NOT NULL CONSTRAINT container_size_is_positive CHECK (size > 0),
  drawn INTEGER NOT NULL CONSTRAINT container_drawn_not_negative CHECK (drawn >= 0),
  wasted INTEGER NOT NULL CONSTRAINT container_wasted_not_negative CHECK (wasted >= 0),
  remaining INTEGER NOT NULL CONSTRAINT container_remaining_not_negative CHECK (remaining >= 0),
  open_time_us INTEGER NOT NULL,
  beyond_use_time_us INTEGER NOT NULL,
  due_time_us INTEGER NOT NULL,
  opener TEXT NOT NULL,
  close_time_us INTEGER,
  discard_reason INTEGER NOT NULL,
  discard_note TEXT NOT NULL,
  revision INTEGER NOT NULL,
  CONSTRAINT container_accounts_for_all CHECK (size = drawn + wasted + remaining),
  CONSTRAINT container_closed_is_empty CHECK ((state = 1) = (close_time_us IS NULL) AND (state = 1 OR remaining = 0))
) STRICT;
CREATE UNIQUE INDEX container_by_name ON container (name);
CREATE INDEX container_by_lot ON container (lot);
-- What is open at a site: FEFO looks here before a new unit is opened.
CREATE INDEX container_open ON container (site, product) WHERE state = 1;

-- What appointments have taken out, how much of it is accounted for, and how many units of a reservation's recipe it
-- stands for.
CREATE TABLE container_draw (
  container INTEGER NOT NULL REFERENCES container (id),
  appointment TEXT NOT NULL,
  microlitres INTEGER NOT NULL CONSTRAINT container_draw_is_positive CHECK (microlitres > 0),
  accounted INTEGER NOT NULL,
  draw_time_us INTEGER NOT NULL,
  reservation TEXT NOT NULL,
  units INTEGER NOT NULL,
  PRIMARY KEY (container, appointment),
  CONSTRAINT container_draw_accounted_is_drawn CHECK (accounted BETWEEN 0 AND microlitres)
) STRICT, WITHOUT ROWID;
CREATE INDEX container_draw_by_appointment ON container_draw (appointment);
-- Units of a reservation that were opened for it.
CREATE INDEX container_by_reservation ON container (reservation) WHERE reservation <> '';
CREATE INDEX container_draw_by_reservation ON container_draw (reservation) WHERE reservation <> '';

-- Empty = whole units.
ALTER TABLE administered_lot ADD COLUMN container TEXT NOT NULL DEFAULT '';
ALTER TABLE administered_lot ADD COLUMN wasted_microlitres INTEGER NOT NULL DEFAULT 0;
