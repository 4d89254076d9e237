-- Transfers between sites, and where each unit of a line is.

CREATE TABLE transfer (
  id INTEGER NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  from_site TEXT NOT NULL,
  to_site TEXT NOT NULL,
  document TEXT NOT NULL,
  expected_date TEXT NOT NULL,
  state TEXT NOT NULL CONSTRAINT transfer_state_is_known CHECK (
    state IN ('DRAFT', 'SHIPPED', 'VARIANCE', 'RECEIVED', 'CANCELLED')),
  creator TEXT NOT NULL,
  create_time_us INTEGER NOT NULL,
  shipper TEXT NOT NULL,
  ship_time_us INTEGER,
  receiver TEXT NOT NULL,
  receive_time_us INTEGER,
  closer TEXT NOT NULL,
  revision INTEGER NOT NULL,
  CONSTRAINT transfer_goes_elsewhere CHECK (from_site <> to_site)
) STRICT;
CREATE UNIQUE INDEX transfer_by_name ON transfer (name);
-- What is on its way to a site.
CREATE INDEX transfer_inbound ON transfer (to_site, expected_date) WHERE state = 'SHIPPED';

CREATE TABLE transfer_line (
  transfer INTEGER NOT NULL REFERENCES transfer (id),
  position INTEGER NOT NULL,
  lot INTEGER NOT NULL REFERENCES lot (id),
  unit TEXT NOT NULL,
  ampoules INTEGER NOT NULL CONSTRAINT transfer_line_is_positive CHECK (ampoules > 0),
  received INTEGER NOT NULL,
  damaged INTEGER NOT NULL,
  over INTEGER NOT NULL,
  lost INTEGER NOT NULL,
  returned INTEGER NOT NULL,
  in_transit INTEGER NOT NULL CONSTRAINT transfer_line_in_transit_not_negative CHECK (in_transit >= 0),
  PRIMARY KEY (transfer, position),
  -- Nothing has left, or every unit is somewhere.
  CONSTRAINT transfer_line_accounts_for_all CHECK (
    received + damaged + lost + returned + in_transit IN (0, ampoules))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX transfer_line_by_shelf ON transfer_line (transfer, lot, unit);
CREATE INDEX transfer_line_by_lot ON transfer_line (lot, transfer);
