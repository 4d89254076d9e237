-- Every account of the ledger by name, times of what happened beside times of recording, promises without lots, holds on
-- one storage unit.

ALTER TABLE movement ADD COLUMN from_account INTEGER NOT NULL DEFAULT 0;
ALTER TABLE movement ADD COLUMN to_account INTEGER NOT NULL DEFAULT 0;
-- 0 = when it was recorded.
ALTER TABLE movement ADD COLUMN occurred_time_us INTEGER NOT NULL DEFAULT 0;
ALTER TABLE movement ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE movement ADD COLUMN subject TEXT NOT NULL DEFAULT '';

-- What a site has of a lot, with every account a unit can be in. Always the sum of the movements; the checks are the last
-- guard of every race.
CREATE TABLE balance_whole (
  lot INTEGER NOT NULL REFERENCES lot (id),
  site TEXT NOT NULL,
  unit TEXT NOT NULL,
  product TEXT NOT NULL,
  expiry_date TEXT NOT NULL,
  received INTEGER NOT NULL,
  on_hand INTEGER NOT NULL CONSTRAINT balance_on_hand_not_negative CHECK (on_hand >= 0),
  reserved INTEGER NOT NULL,
  drawn INTEGER NOT NULL CONSTRAINT balance_drawn_not_negative CHECK (drawn >= 0),
  administered INTEGER NOT NULL,
  wasted INTEGER NOT NULL,
  in_transit INTEGER NOT NULL CONSTRAINT balance_in_transit_not_negative CHECK (in_transit >= 0),
  opened INTEGER NOT NULL CONSTRAINT balance_opened_not_negative CHECK (opened >= 0),
  dispensed INTEGER NOT NULL,
  returned INTEGER NOT NULL,
  disposed INTEGER NOT NULL,
  PRIMARY KEY (lot, site, unit),
  CONSTRAINT balance_reserved_is_on_hand CHECK (reserved BETWEEN 0 AND on_hand),
  CONSTRAINT balance_accounts_for_all CHECK (received = on_hand + drawn + administered + wasted + in_transit + opened +
    dispensed + returned + disposed)
) STRICT, WITHOUT ROWID;
INSERT INTO balance_whole
SELECT lot, site, unit, product, expiry_date, received, on_hand, reserved, drawn, administered, wasted, 0, 0, 0, 0, 0
FROM balance;
DROP TABLE balance;
ALTER TABLE balance_whole RENAME TO balance;
-- First expiring first, of what is there.
CREATE INDEX balance_fefo ON balance (site, product, expiry_date) WHERE on_hand > 0;

-- A reservation may be a promise without lots. Its allocations refer to it, so both are written anew.
CREATE TABLE reservation_whole (
  id INTEGER NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  site TEXT NOT NULL,
  cocktail TEXT NOT NULL,
  appointment TEXT NOT NULL,
  use_time_us INTEGER NOT NULL,
  use_date TEXT NOT NULL,
  state TEXT NOT NULL CONSTRAINT reservation_state_is_known CHECK (
    state IN ('PROMISED', 'RESERVED', 'CONFIRMED', 'INVALIDATED', 'DRAWN', 'RELEASED', 'EXPIRED')),
  confirmed INTEGER NOT NULL,
  expire_time_us INTEGER NOT NULL,
  create_time_us INTEGER NOT NULL,
  invalid_reasons TEXT NOT NULL,
  revision INTEGER NOT NULL
) STRICT;
INSERT INTO reservation_whole
SELECT id, name, site, cocktail, appointment, use_time_us, use_date, state, confirmed, expire_time_us, create_time_us,
  invalid_reasons, revision
FROM reservation;
CREATE TABLE allocation_whole (
  reservation INTEGER NOT NULL REFERENCES reservation_whole (id),
  lot INTEGER NOT NULL REFERENCES lot (id),
  unit TEXT NOT NULL,
  ampoules INTEGER NOT NULL CONSTRAINT allocation_is_positive CHECK (ampoules > 0),
  drawn INTEGER NOT NULL,
  PRIMARY KEY (reservation, lot, unit),
  CONSTRAINT allocation_drawn_is_allocated CHECK (drawn BETWEEN 0 AND ampoules)
) STRICT, WITHOUT ROWID;
INSERT INTO allocation_whole SELECT reservation, lot, unit, ampoules, drawn FROM allocation;
DROP TABLE allocation;
DROP TABLE reservation;
ALTER TABLE reservation_whole RENAME TO reservation;
ALTER TABLE allocation_whole RENAME TO allocation;
CREATE UNIQUE INDEX reservation_by_name ON reservation (name);
-- What may have lapsed at a site.
CREATE INDEX reservation_by_lapse ON reservation (site, expire_time_us)
  WHERE state IN ('PROMISED', 'RESERVED', 'CONFIRMED', 'INVALIDATED');
-- What waits for usable stock.
CREATE INDEX reservation_invalidated ON reservation (use_time_us) WHERE state = 'INVALIDATED';
-- What waits for the allocation horizon.
CREATE INDEX reservation_promised ON reservation (use_time_us) WHERE state = 'PROMISED';
CREATE INDEX reservation_by_appointment ON reservation (appointment) WHERE appointment <> '';
CREATE INDEX allocation_by_lot ON allocation (lot, reservation);

-- Empty = every storage unit of the hold's site.
ALTER TABLE hold ADD COLUMN unit TEXT NOT NULL DEFAULT '';

ALTER TABLE product ADD COLUMN no_mix INTEGER NOT NULL DEFAULT 0;
ALTER TABLE product ADD COLUMN session_microlitres_max INTEGER NOT NULL DEFAULT 0;
ALTER TABLE product ADD COLUMN inspect_on_receipt INTEGER NOT NULL DEFAULT 0;
ALTER TABLE product ADD COLUMN home_care INTEGER NOT NULL DEFAULT 0;
ALTER TABLE product ADD COLUMN alert_days INTEGER NOT NULL DEFAULT 0;
-- NULL = the standard's value.
ALTER TABLE product ADD COLUMN peak_min_decidegrees INTEGER;
ALTER TABLE product ADD COLUMN peak_max_decidegrees INTEGER;
ALTER TABLE product ADD COLUMN outside_max_us INTEGER;
ALTER TABLE product ADD COLUMN mkt_max_decidegrees INTEGER;
ALTER TABLE product ADD COLUMN draft INTEGER NOT NULL DEFAULT 0;
ALTER TABLE product ADD COLUMN unit_cost_cents INTEGER NOT NULL DEFAULT 0;
