-- The cold chain: sensors, what they measured, excursions and the lots that were there.

CREATE TABLE sensor (
  id INTEGER NOT NULL PRIMARY KEY,
  storage_unit TEXT NOT NULL,
  serial TEXT NOT NULL,
  last_time_us INTEGER NOT NULL,
  last_centidegrees INTEGER NOT NULL,
  readings INTEGER NOT NULL,
  -- 1 = its silence was told.
  silent INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX sensor_by_name ON sensor (storage_unit, serial);

-- In the order of time per sensor: readings mostly come in that order, so that each sensor's rows grow at one end.
CREATE TABLE reading (
  sensor INTEGER NOT NULL,
  time_us INTEGER NOT NULL,
  centidegrees INTEGER NOT NULL,
  PRIMARY KEY (sensor, time_us)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER reading_is_written_once BEFORE UPDATE ON reading
BEGIN
  SELECT RAISE(ABORT, 'reading_is_immutable');
END;
CREATE TRIGGER reading_is_kept BEFORE DELETE ON reading
BEGIN
  SELECT RAISE(ABORT, 'reading_is_immutable');
END;

CREATE TABLE excursion (
  id INTEGER NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  site TEXT NOT NULL,
  unit TEXT NOT NULL,
  sensor INTEGER NOT NULL REFERENCES sensor (id),
  state TEXT NOT NULL CONSTRAINT excursion_state_is_known CHECK (state IN ('OPEN', 'ENDED', 'RESOLVED')),
  begin_time_us INTEGER NOT NULL,
  -- The last reading outside.
  last_time_us INTEGER NOT NULL,
  end_time_us INTEGER,
  min_centidegrees INTEGER NOT NULL,
  max_centidegrees INTEGER NOT NULL,
  incomplete INTEGER NOT NULL,
  resolver TEXT NOT NULL,
  resolve_time_us INTEGER,
  note TEXT NOT NULL,
  revision INTEGER NOT NULL,
  CONSTRAINT excursion_open_has_no_end CHECK ((state = 'OPEN') = (end_time_us IS NULL)),
  CONSTRAINT excursion_is_ordered CHECK (begin_time_us <= last_time_us)
) STRICT;
CREATE UNIQUE INDEX excursion_by_name ON excursion (name);
CREATE INDEX excursion_by_sensor ON excursion (sensor, begin_time_us);

CREATE TABLE excursion_lot (
  excursion INTEGER NOT NULL REFERENCES excursion (id),
  lot INTEGER NOT NULL REFERENCES lot (id),
  ampoules INTEGER NOT NULL,
  exceeded INTEGER NOT NULL,
  causes TEXT NOT NULL,
  mkt_centidegrees INTEGER NOT NULL,
  outside_us INTEGER NOT NULL,
  decision INTEGER NOT NULL,
  PRIMARY KEY (excursion, lot)
) STRICT, WITHOUT ROWID;
CREATE INDEX excursion_lot_by_lot ON excursion_lot (lot);

-- The holds in force that an excursion placed: one for each place where units of the lot are.
CREATE TABLE excursion_hold (
  hold_id TEXT NOT NULL PRIMARY KEY,
  excursion INTEGER NOT NULL,
  lot INTEGER NOT NULL,
  site TEXT NOT NULL,
  unit TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX excursion_hold_by_lot ON excursion_hold (lot, excursion);

-- Who is in a storage unit. No column of it ever changes, so that it costs a shelf's first line only.
CREATE INDEX balance_by_unit ON balance (site, unit);
