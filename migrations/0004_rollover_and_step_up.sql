-- Which of an account's keys is in which step of a rollover, and which sessions began only after their person was asked.

ALTER TABLE keys ADD COLUMN state TEXT NOT NULL DEFAULT 'active';

ALTER TABLE sessions ADD COLUMN confirmed_at BIGINT;
