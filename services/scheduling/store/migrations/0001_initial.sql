-- Reference data: a name, its fields as one encoded body (read and written whole), its version.
CREATE TABLE site (
  name TEXT NOT NULL PRIMARY KEY,
  body BLOB NOT NULL,
  revision INTEGER NOT NULL,
  create_us INTEGER NOT NULL,
  update_us INTEGER NOT NULL
) STRICT;

CREATE TABLE practitioner (
  name TEXT NOT NULL PRIMARY KEY,
  body BLOB NOT NULL,
  revision INTEGER NOT NULL,
  create_us INTEGER NOT NULL,
  update_us INTEGER NOT NULL
) STRICT;

-- Who works at a site: so that a search reads only them.
CREATE TABLE practitioner_site (
  site TEXT NOT NULL,
  practitioner TEXT NOT NULL,
  PRIMARY KEY (site, practitioner)
) STRICT;
CREATE INDEX practitioner_site_by_practitioner ON practitioner_site (practitioner);

CREATE TABLE room (
  name TEXT NOT NULL PRIMARY KEY,
  site TEXT NOT NULL,
  body BLOB NOT NULL,
  revision INTEGER NOT NULL,
  create_us INTEGER NOT NULL,
  update_us INTEGER NOT NULL
) STRICT;
CREATE INDEX room_by_site ON room (site, name);

CREATE TABLE device (
  name TEXT NOT NULL PRIMARY KEY,
  site TEXT NOT NULL,
  body BLOB NOT NULL,
  revision INTEGER NOT NULL,
  create_us INTEGER NOT NULL,
  update_us INTEGER NOT NULL
) STRICT;
CREATE INDEX device_by_site ON device (site, name);

CREATE TABLE treatment_type (
  name TEXT NOT NULL PRIMARY KEY,
  body BLOB NOT NULL,
  revision INTEGER NOT NULL,
  create_us INTEGER NOT NULL,
  update_us INTEGER NOT NULL
) STRICT;

-- Appointments in the order of their making: the id is a UUIDv7.
CREATE TABLE appointment (
  number INTEGER NOT NULL PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  site TEXT NOT NULL,
  patient TEXT NOT NULL,
  treatment_type TEXT NOT NULL,
  cocktail TEXT NOT NULL,
  state TEXT NOT NULL CONSTRAINT appointment_state_is_known CHECK (state IN
    ('HELD', 'BOOKED', 'CHECKED_IN', 'IN_PROGRESS', 'COMPLETED', 'CANCELLED', 'EXPIRED')),
  start_us INTEGER NOT NULL,
  end_us INTEGER NOT NULL,
  expire_us INTEGER NOT NULL,
  attempt TEXT NOT NULL,
  practitioner TEXT NOT NULL,
  reservation TEXT NOT NULL,
  session BLOB NOT NULL,
  clearance BLOB NOT NULL,
  lots BLOB NOT NULL,
  stock_epoch TEXT NOT NULL,
  stock_sequence INTEGER NOT NULL,
  check_in_us INTEGER NOT NULL,
  actual_start_us INTEGER NOT NULL,
  actual_end_us INTEGER NOT NULL,
  administrations BLOB NOT NULL,
  no_product_reason INTEGER NOT NULL,
  cancel_reason INTEGER NOT NULL,
  late_cancel INTEGER NOT NULL,
  cancel_us INTEGER NOT NULL,
  at_risk INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  create_us INTEGER NOT NULL,
  update_us INTEGER NOT NULL,
  CONSTRAINT appointment_has_length CHECK (end_us > start_us),
  -- Nothing is booked without stock and a recipe.
  CONSTRAINT appointment_booked_has_stock CHECK
    (state IN ('HELD', 'CANCELLED', 'EXPIRED') OR (reservation <> '' AND cocktail <> ''))
) STRICT;
CREATE INDEX appointment_by_reservation ON appointment (reservation) WHERE reservation <> '';
CREATE INDEX appointment_by_patient ON appointment (patient, start_us);
CREATE INDEX appointment_open_by_start ON appointment (start_us)
  WHERE state IN ('BOOKED', 'CHECKED_IN');

-- The time of a practitioner, room, device or patient that an appointment takes. Inactive rows tell
-- what a cancelled one would have taken.
CREATE TABLE occupation (
  number INTEGER NOT NULL PRIMARY KEY,
  appointment TEXT NOT NULL,
  resource TEXT NOT NULL,
  begin_us INTEGER NOT NULL,
  end_us INTEGER NOT NULL,
  active INTEGER NOT NULL CHECK (active IN (0, 1)),
  CONSTRAINT occupation_has_length CHECK
    (end_us > begin_us AND end_us - begin_us <= 86400000000)
) STRICT;
CREATE INDEX occupation_by_time ON occupation (resource, begin_us, end_us) WHERE active = 1;
CREATE INDEX occupation_by_appointment ON occupation (appointment);

-- The last guard against double booking, whatever the code above has decided: half-open intervals,
-- one patient at a time. An occupation is at most a day long, which bounds the search.
CREATE TRIGGER occupation_is_exclusive BEFORE INSERT ON occupation WHEN NEW.active = 1
BEGIN
  SELECT RAISE(ABORT, 'slot_taken') WHERE EXISTS (
    SELECT 1 FROM occupation
    WHERE active = 1 AND resource = NEW.resource AND begin_us < NEW.end_us
      AND begin_us > NEW.begin_us - 86400000000 AND end_us > NEW.begin_us
      AND appointment <> NEW.appointment);
END;

-- Time once taken is only ever given back.
CREATE TRIGGER occupation_is_fixed BEFORE UPDATE ON occupation
WHEN NEW.active = 1 OR NEW.resource <> OLD.resource OR NEW.begin_us <> OLD.begin_us
  OR NEW.end_us <> OLD.end_us OR NEW.appointment <> OLD.appointment
BEGIN
  SELECT RAISE(ABORT, 'occupation_is_fixed');
END;

-- What a booked appointment relies on: lots and assessments, by their names.
CREATE TABLE reliance (
  appointment TEXT NOT NULL,
  object TEXT NOT NULL,
  PRIMARY KEY (appointment, object)
) STRICT;
CREATE INDEX reliance_by_object ON reliance (object);

-- What speaks against an appointment.
CREATE TABLE risk (
  appointment TEXT NOT NULL,
  source TEXT NOT NULL,
  reason TEXT NOT NULL,
  object TEXT NOT NULL,
  since_us INTEGER NOT NULL,
  PRIMARY KEY (appointment, source, reason, object)
) STRICT;

-- Facts of other services that take something out of use and are not healed: compared with the
-- position of a peer's answer before a booking is completed. `cause` tells two holds of one lot apart.
CREATE TABLE invalidation (
  object TEXT NOT NULL,
  cause TEXT NOT NULL,
  source TEXT NOT NULL,
  epoch TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  reason TEXT NOT NULL,
  site TEXT NOT NULL,
  PRIMARY KEY (object, cause)
) STRICT;
