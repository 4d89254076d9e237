-- A recall as a case: what each site found, and how it was closed.

-- The ledger's last line when the recall was made: what is booked behind it was booked since.
ALTER TABLE recall ADD COLUMN after_movement INTEGER NOT NULL DEFAULT 0;
UPDATE recall SET after_movement = coalesce(
  (SELECT max(m.id) FROM movement m WHERE m.record_time_us < recall.create_time_us), 0);
ALTER TABLE recall ADD COLUMN closer TEXT NOT NULL DEFAULT '';
ALTER TABLE recall ADD COLUMN close_time_us INTEGER;
ALTER TABLE recall ADD COLUMN evidence TEXT NOT NULL DEFAULT '';
ALTER TABLE recall ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;

-- A site's last word about a recall.
CREATE TABLE recall_site (
  recall INTEGER NOT NULL REFERENCES recall (id),
  site TEXT NOT NULL,
  acknowledged_by TEXT NOT NULL,
  acknowledge_time_us INTEGER NOT NULL,
  found INTEGER NOT NULL CONSTRAINT recall_site_found_not_negative CHECK (found >= 0),
  book INTEGER NOT NULL,
  note TEXT NOT NULL,
  PRIMARY KEY (recall, site)
) STRICT, WITHOUT ROWID;
