-- Inventory: what the chain stocks, where every ampoule is, whom it is kept for and who got it.
-- Times are microseconds since the Unix epoch, dates text as YYYY-MM-DD, quantities whole ampoules.

-- Projection of scheduling's sites; an older revision never replaces a newer one.
CREATE TABLE site (
  name TEXT NOT NULL PRIMARY KEY,
  time_zone TEXT NOT NULL,
  jurisdiction TEXT NOT NULL,
  revision INTEGER NOT NULL
) STRICT;

CREATE TABLE product (
  name TEXT NOT NULL PRIMARY KEY,
  display_name TEXT NOT NULL,
  gtin TEXT NOT NULL,
  category TEXT NOT NULL,
  composition BLOB NOT NULL,
  container_kind INTEGER NOT NULL,
  unit_microlitres INTEGER NOT NULL CONSTRAINT product_unit_is_positive CHECK (unit_microlitres > 0),
  units_per_pack INTEGER NOT NULL CONSTRAINT product_pack_is_positive CHECK (units_per_pack > 0),
  temperature_min_decidegrees INTEGER NOT NULL,
  temperature_max_decidegrees INTEGER NOT NULL,
  protect_from_light INTEGER NOT NULL,
  after_opening_us INTEGER NOT NULL,
  min_remaining_life_days INTEGER NOT NULL,
  emergency_kit_par INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  update_time_us INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX product_by_gtin ON product (gtin);

CREATE TABLE cocktail (
  code TEXT NOT NULL,
  revision INTEGER NOT NULL,
  display_name TEXT NOT NULL,
  state TEXT NOT NULL CONSTRAINT cocktail_state_is_known CHECK (state IN ('DRAFT', 'PUBLISHED')),
  author TEXT NOT NULL,
  create_time_us INTEGER NOT NULL,
  publish_time_us INTEGER,
  PRIMARY KEY (code, revision)
) STRICT, WITHOUT ROWID;

CREATE TABLE cocktail_line (
  code TEXT NOT NULL,
  revision INTEGER NOT NULL,
  position INTEGER NOT NULL,
  product TEXT NOT NULL REFERENCES product (name),
  ampoules INTEGER NOT NULL CONSTRAINT cocktail_line_is_positive CHECK (ampoules > 0),
  PRIMARY KEY (code, revision, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX cocktail_line_by_product ON cocktail_line (product);

CREATE TRIGGER cocktail_published_stays BEFORE UPDATE ON cocktail WHEN OLD.state = 'PUBLISHED'
BEGIN
  SELECT RAISE(ABORT, 'cocktail_is_published');
END;
CREATE TRIGGER cocktail_line_stays BEFORE UPDATE ON cocktail_line
BEGIN
  SELECT RAISE(ABORT, 'cocktail_line_is_immutable');
END;
CREATE TRIGGER cocktail_line_is_kept BEFORE DELETE ON cocktail_line
BEGIN
  SELECT RAISE(ABORT, 'cocktail_line_is_immutable');
END;

CREATE TABLE lot (
  id INTEGER NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  product TEXT NOT NULL REFERENCES product (name),
  lot_number TEXT NOT NULL,
  expiry_date TEXT NOT NULL,
  state INTEGER NOT NULL,
  receive_time_us INTEGER NOT NULL,
  open_holds INTEGER NOT NULL CONSTRAINT lot_holds_not_negative CHECK (open_holds >= 0),
  revision INTEGER NOT NULL,
  last_movement INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX lot_by_name ON lot (name);
CREATE UNIQUE INDEX lot_by_number ON lot (product, lot_number);

-- Why a lot may not be used. Rows are ended, never removed.
CREATE TABLE hold (
  id INTEGER NOT NULL PRIMARY KEY,
  hold_id TEXT NOT NULL,
  lot INTEGER NOT NULL REFERENCES lot (id),
  kind INTEGER NOT NULL,
  site TEXT NOT NULL,
  reason INTEGER NOT NULL,
  recall TEXT NOT NULL,
  note TEXT NOT NULL,
  placed_by TEXT NOT NULL,
  place_time_us INTEGER NOT NULL,
  released_by TEXT,
  release_note TEXT,
  release_time_us INTEGER
) STRICT;
CREATE INDEX hold_by_lot ON hold (lot);

-- What a site has of a lot. Always the sum of the movements; the checks are the last guard of every race.
CREATE TABLE balance (
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
  PRIMARY KEY (lot, site, unit),
  CONSTRAINT balance_reserved_is_on_hand CHECK (reserved BETWEEN 0 AND on_hand),
  CONSTRAINT balance_accounts_for_all CHECK (received = on_hand + drawn + administered + wasted)
) STRICT, WITHOUT ROWID;
-- First expiring first, of what is there.
CREATE INDEX balance_fefo ON balance (site, product, expiry_date) WHERE on_hand > 0;

-- The ledger: appended only; a lot's lines are chained by lot_previous.
CREATE TABLE movement (
  id INTEGER NOT NULL PRIMARY KEY,
  kind INTEGER NOT NULL,
  lot INTEGER NOT NULL,
  site TEXT NOT NULL,
  unit TEXT NOT NULL,
  ampoules INTEGER NOT NULL CONSTRAINT movement_is_positive CHECK (ampoules > 0),
  record_time_us INTEGER NOT NULL,
  actor TEXT NOT NULL,
  appointment TEXT NOT NULL,
  reservation TEXT NOT NULL,
  administration TEXT NOT NULL,
  document TEXT NOT NULL,
  lot_previous INTEGER NOT NULL
) STRICT;
CREATE TRIGGER movement_is_written_once BEFORE UPDATE ON movement
BEGIN
  SELECT RAISE(ABORT, 'movement_is_immutable');
END;
CREATE TRIGGER movement_is_kept BEFORE DELETE ON movement
BEGIN
  SELECT RAISE(ABORT, 'movement_is_immutable');
END;

CREATE TABLE reservation (
  id INTEGER NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  site TEXT NOT NULL,
  cocktail TEXT NOT NULL,
  appointment TEXT NOT NULL,
  use_time_us INTEGER NOT NULL,
  use_date TEXT NOT NULL,
  state TEXT NOT NULL CONSTRAINT reservation_state_is_known CHECK (
    state IN ('RESERVED', 'CONFIRMED', 'INVALIDATED', 'DRAWN', 'RELEASED', 'EXPIRED')),
  confirmed INTEGER NOT NULL,
  expire_time_us INTEGER NOT NULL,
  create_time_us INTEGER NOT NULL,
  invalid_reasons TEXT NOT NULL,
  revision INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX reservation_by_name ON reservation (name);
-- What may have lapsed at a site.
CREATE INDEX reservation_by_lapse ON reservation (site, expire_time_us)
  WHERE state IN ('RESERVED', 'CONFIRMED', 'INVALIDATED');
-- What waits for usable stock.
CREATE INDEX reservation_invalidated ON reservation (use_time_us) WHERE state = 'INVALIDATED';
CREATE INDEX reservation_by_appointment ON reservation (appointment) WHERE appointment <> '';

CREATE TABLE allocation (
  reservation INTEGER NOT NULL REFERENCES reservation (id),
  lot INTEGER NOT NULL REFERENCES lot (id),
  unit TEXT NOT NULL,
  ampoules INTEGER NOT NULL CONSTRAINT allocation_is_positive CHECK (ampoules > 0),
  drawn INTEGER NOT NULL,
  PRIMARY KEY (reservation, lot, unit),
  CONSTRAINT allocation_drawn_is_allocated CHECK (drawn BETWEEN 0 AND ampoules)
) STRICT, WITHOUT ROWID;
CREATE INDEX allocation_by_lot ON allocation (lot, reservation);

-- What appointments have drawn, and how much of it is accounted for.
CREATE TABLE draw (
  appointment TEXT NOT NULL,
  lot INTEGER NOT NULL REFERENCES lot (id),
  site TEXT NOT NULL,
  unit TEXT NOT NULL,
  ampoules INTEGER NOT NULL,
  accounted INTEGER NOT NULL,
  PRIMARY KEY (appointment, lot, unit),
  CONSTRAINT draw_accounted_is_drawn CHECK (accounted BETWEEN 0 AND ampoules)
) STRICT, WITHOUT ROWID;
CREATE INDEX draw_open ON draw (lot) WHERE accounted < ampoules;

-- The last record of each patient: the head of the patient's chain.
CREATE TABLE patient (
  patient TEXT NOT NULL PRIMARY KEY,
  last_administration INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What was given. Appended only; a patient's records are chained by patient_previous.
CREATE TABLE administration (
  id INTEGER NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  appointment TEXT NOT NULL,
  site TEXT NOT NULL,
  patient TEXT NOT NULL,
  practitioner TEXT NOT NULL,
  occurred_time_us INTEGER NOT NULL,
  record_time_us INTEGER NOT NULL,
  recorder TEXT NOT NULL,
  deviations INTEGER NOT NULL,
  patient_previous INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX administration_by_name ON administration (name);
CREATE INDEX administration_by_appointment ON administration (appointment);
CREATE TRIGGER administration_is_written_once BEFORE UPDATE ON administration
BEGIN
  SELECT RAISE(ABORT, 'administration_is_immutable');
END;
CREATE TRIGGER administration_is_kept BEFORE DELETE ON administration
BEGIN
  SELECT RAISE(ABORT, 'administration_is_immutable');
END;

CREATE TABLE administered_lot (
  administration INTEGER NOT NULL REFERENCES administration (id),
  position INTEGER NOT NULL,
  lot INTEGER NOT NULL REFERENCES lot (id),
  ampoules INTEGER NOT NULL,
  microlitres INTEGER NOT NULL,
  wasted INTEGER NOT NULL,
  PRIMARY KEY (administration, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX administered_lot_by_lot ON administered_lot (lot, administration);

CREATE TABLE deviation (
  administration INTEGER NOT NULL REFERENCES administration (id),
  position INTEGER NOT NULL,
  code TEXT NOT NULL,
  lot TEXT NOT NULL,
  description TEXT NOT NULL,
  PRIMARY KEY (administration, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE recall (
  id INTEGER NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  reason INTEGER NOT NULL,
  severity INTEGER NOT NULL,
  reference TEXT NOT NULL,
  state TEXT NOT NULL,
  create_time_us INTEGER NOT NULL,
  creator TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX recall_by_name ON recall (name);

CREATE TABLE recall_lot (
  recall INTEGER NOT NULL REFERENCES recall (id),
  lot INTEGER NOT NULL REFERENCES lot (id),
  PRIMARY KEY (recall, lot)
) STRICT, WITHOUT ROWID;
CREATE INDEX recall_lot_by_lot ON recall_lot (lot);
