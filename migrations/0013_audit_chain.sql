-- Entries say from where, of which request, whom and how it ended; they are chained, and what names a person stands apart so that it can be erased.

ALTER TABLE audit ADD COLUMN address TEXT;
ALTER TABLE audit ADD COLUMN request TEXT;
ALTER TABLE audit ADD COLUMN outcome TEXT NOT NULL DEFAULT 'done';
ALTER TABLE audit ADD COLUMN target TEXT;

-- Given by the sealer, once and for all.
ALTER TABLE audit ADD COLUMN number BIGINT;
ALTER TABLE audit ADD COLUMN previous TEXT;
ALTER TABLE audit ADD COLUMN hash TEXT;

CREATE INDEX audit_unsealed ON audit (id) WHERE number IS NULL;
CREATE UNIQUE INDEX audit_by_number ON audit (account, number) WHERE number IS NOT NULL;

-- Values and salts of what the chain holds hashes of, by whom they are about; nobody where it is empty.
CREATE TABLE audit_personal (
    account TEXT NOT NULL REFERENCES accounts (id),
    entry TEXT NOT NULL,
    person TEXT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (account, entry, person)
);

CREATE INDEX audit_personal_by_person ON audit_personal (account, person);

-- Where each account's chain ends, and up to where a checkpoint vouches for it.
CREATE TABLE audit_heads (
    account TEXT NOT NULL PRIMARY KEY REFERENCES accounts (id),
    number BIGINT NOT NULL,
    hash TEXT NOT NULL,
    vouched BIGINT NOT NULL
);

CREATE TABLE audit_checkpoints (
    number BIGINT NOT NULL PRIMARY KEY,
    content TEXT NOT NULL,
    signature TEXT NOT NULL
);

CREATE INDEX attempts_by_user ON attempts (account, user_id) WHERE user_id IS NOT NULL;
