-- Looking ahead: promises by site and day, what should be there, what is used each day.

-- Promises that come within the allocation horizon, and what a site has promised until a day.
DROP INDEX reservation_promised;
CREATE INDEX reservation_promised ON reservation (site, use_date) WHERE state = 'PROMISED';

CREATE TABLE par_level (
  site TEXT NOT NULL,
  product TEXT NOT NULL REFERENCES product (name),
  par_ampoules INTEGER NOT NULL CONSTRAINT par_level_not_negative CHECK (par_ampoules >= 0),
  reorder_point_ampoules INTEGER NOT NULL,
  lead_time_days INTEGER NOT NULL,
  service_level_permille INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  update_time_us INTEGER NOT NULL,
  PRIMARY KEY (site, product)
) STRICT, WITHOUT ROWID;

-- What treatments and dispensings took, by the day at the site: the sum of the ledger's lines, so that an average needs no
-- walk over it. Written with the line itself.
CREATE TABLE daily_use (
  site TEXT NOT NULL,
  product TEXT NOT NULL,
  day TEXT NOT NULL,
  ampoules INTEGER NOT NULL,
  PRIMARY KEY (site, product, day)
) STRICT, WITHOUT ROWID;
-- Lines written before have their UTC day: this engine knows no time zones, and a day's shift does not move a mean of 28.
INSERT INTO daily_use (site, product, day, ampoules)
SELECT m.site, l.product,
  strftime('%Y-%m-%d', (CASE WHEN m.occurred_time_us > 0 THEN m.occurred_time_us ELSE m.record_time_us END) / 1000000,
    'unixepoch'),
  sum(m.ampoules)
FROM movement m JOIN lot l ON l.id = m.lot
-- ADMINISTER, and WASTE of what was drawn.
WHERE m.kind = 3 OR (m.kind = 4 AND m.from_account IN (0, 5))
GROUP BY 1, 2, 3;

-- Units under way to a site: one row for each lot of a transfer that has left and has not arrived.
CREATE VIEW inbound AS
SELECT t.name AS transfer, l.lot AS lot, t.to_site AS site, sum(l.in_transit) AS ampoules, t.expected_date AS expected_date
FROM transfer t JOIN transfer_line l ON l.transfer = t.id
WHERE t.state = 'SHIPPED' AND l.in_transit > 0
GROUP BY t.id, l.lot;
