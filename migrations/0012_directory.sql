-- What a client's directory says of people, by what it finds them, and its groups.

ALTER TABLE users ADD COLUMN directory TEXT;

ALTER TABLE users ADD COLUMN name_fold TEXT NOT NULL DEFAULT '';

ALTER TABLE users ADD COLUMN external_fold TEXT;

ALTER TABLE users ADD COLUMN address_fold TEXT;

UPDATE users SET name_fold = fold, external_fold = LOWER(external_id), address_fold = LOWER(email);

CREATE INDEX users_by_name ON users (account, name_fold);

CREATE INDEX users_by_external_id ON users (account, external_fold);

CREATE INDEX users_by_address ON users (account, address_fold);

CREATE TABLE directory_groups (
    account TEXT NOT NULL REFERENCES accounts (id),
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    fold TEXT NOT NULL,
    external_id TEXT,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (account, id),
    UNIQUE (account, fold)
);

CREATE INDEX directory_groups_by_external_id ON directory_groups (account, external_id);

CREATE TABLE members (
    account TEXT NOT NULL,
    group_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (account, group_id, user_id),
    FOREIGN KEY (account, group_id) REFERENCES directory_groups (account, id) ON DELETE CASCADE,
    FOREIGN KEY (account, user_id) REFERENCES users (account, id) ON DELETE CASCADE
);

CREATE INDEX members_by_user ON members (account, user_id);
