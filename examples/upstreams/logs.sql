PRAGMA journal_mode = WAL;

BEGIN IMMEDIATE;

-- AUTOINCREMENT: a number is never given twice, and numbers have no holes. SQLite has one writer at a time, so logs
-- become visible in the order of their numbers. The data of an event is one line.
CREATE TABLE IF NOT EXISTS logs (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  data TEXT NOT NULL CHECK (instr(data, char(10)) = 0 AND instr(data, char(13)) = 0)
);

-- The epoch is part of every id, so an id of another database is recognised. After restoring a backup, change it:
-- UPDATE store SET epoch = lower(hex(randomblob(4)));
CREATE TABLE IF NOT EXISTS store (epoch TEXT NOT NULL);
INSERT INTO store SELECT lower(hex(randomblob(4))) WHERE NOT EXISTS (SELECT * FROM store);

-- The log window: how far back a client can resume. It has to outlast the longest outage.
CREATE TRIGGER IF NOT EXISTS keep_window AFTER INSERT ON logs BEGIN
  DELETE FROM logs WHERE number <= NEW.number - 100000;
END;

COMMIT;
