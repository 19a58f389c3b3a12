-- A logout request names people by their NameID: sessions are found by its digest, which fits an index at any length of the name.

ALTER TABLE sessions ADD COLUMN named TEXT;

CREATE INDEX sessions_by_name ON sessions (account, named);
