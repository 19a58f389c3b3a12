-- What people are searched by, written by the server so that every database orders it alike; which roles their claims may give; and answers that are given again.

ALTER TABLE users ADD COLUMN subject_key TEXT;

ALTER TABLE users ADD COLUMN email_key TEXT;

ALTER TABLE users ADD COLUMN name_key TEXT;

ALTER TABLE users ADD COLUMN surname_key TEXT;

ALTER TABLE users ADD COLUMN external_key TEXT;

CREATE INDEX users_by_subject_key ON users (account, subject_key, id);

CREATE INDEX users_by_email_key ON users (account, email_key, id);

CREATE INDEX users_by_name_key ON users (account, name_key, id);

CREATE INDEX users_by_surname_key ON users (account, surname_key, id);

CREATE INDEX users_by_external_key ON users (account, external_key, id);

CREATE INDEX users_without_keys ON users (account) WHERE subject_key IS NULL;

CREATE INDEX users_by_state ON users (account, state, id);

CREATE TABLE held (
    account TEXT NOT NULL,
    role TEXT NOT NULL,
    user_id TEXT NOT NULL,
    PRIMARY KEY (account, role, user_id),
    FOREIGN KEY (account, user_id) REFERENCES users (account, id) ON DELETE CASCADE
);

CREATE INDEX held_by_user ON held (account, user_id);

CREATE INDEX grants_by_role ON grants (account, role, user_id);

CREATE INDEX sessions_by_account ON sessions (account, id);

CREATE TABLE given_answers (
    account TEXT NOT NULL REFERENCES accounts (id),
    digest TEXT NOT NULL,
    body TEXT NOT NULL,
    sealed TEXT,
    at BIGINT NOT NULL,
    PRIMARY KEY (account, digest)
);
