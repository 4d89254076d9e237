-- The ledger's last line when a shelf was counted: what is booked behind it was booked since.

ALTER TABLE stock_count_line ADD COLUMN after_movement INTEGER NOT NULL DEFAULT 0;
UPDATE stock_count_line SET after_movement = coalesce(
  (SELECT max(m.id) FROM movement m WHERE m.record_time_us <= stock_count_line.count_time_us), 0);
