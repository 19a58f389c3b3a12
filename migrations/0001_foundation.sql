-- Accounts with their revisions and keys, people, sessions, sign-ins and the audit: what a first sign-in needs.

CREATE TABLE settings (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE accounts (
    id TEXT NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    entity_id TEXT NOT NULL UNIQUE,
    active BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE revisions (
    account TEXT NOT NULL REFERENCES accounts (id),
    number BIGINT NOT NULL,
    document TEXT NOT NULL,
    metadata TEXT,
    author TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account, number)
);

CREATE TABLE keys (
    account TEXT NOT NULL REFERENCES accounts (id),
    id TEXT NOT NULL,
    purpose TEXT NOT NULL,
    certificate TEXT NOT NULL,
    sealed TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account, id)
);

CREATE TABLE users (
    account TEXT NOT NULL REFERENCES accounts (id),
    id TEXT NOT NULL,
    source TEXT NOT NULL,
    subject TEXT NOT NULL,
    fold TEXT NOT NULL,
    external_id TEXT,
    state TEXT NOT NULL,
    email TEXT,
    given_name TEXT,
    surname TEXT,
    roles TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_sign_in BIGINT,
    PRIMARY KEY (account, id),
    UNIQUE (account, source, subject)
);

CREATE INDEX users_by_fold ON users (account, source, fold);

-- Who was deleted, by a keyed hash, so that nobody inherits what they had.
CREATE TABLE tombstones (
    account TEXT NOT NULL REFERENCES accounts (id),
    digest TEXT NOT NULL,
    deleted_at BIGINT NOT NULL,
    PRIMARY KEY (account, digest)
);

CREATE TABLE sessions (
    account TEXT NOT NULL REFERENCES accounts (id),
    id TEXT NOT NULL,
    digest TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL,
    roles TEXT NOT NULL,
    authenticated_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    idle BIGINT NOT NULL,
    address TEXT NOT NULL,
    browser TEXT NOT NULL,
    name_id TEXT,
    session_index TEXT,
    waiting BIGINT NOT NULL,
    PRIMARY KEY (account, user_id, id)
);

CREATE TABLE attempts (
    account TEXT NOT NULL REFERENCES accounts (id),
    id TEXT NOT NULL,
    at BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    user_id TEXT,
    sealed TEXT NOT NULL,
    PRIMARY KEY (account, id)
);

-- Ids of requests and assertions that must not come again.
CREATE TABLE used (
    account TEXT NOT NULL REFERENCES accounts (id),
    id TEXT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (account, id)
);

CREATE TABLE audit (
    account TEXT NOT NULL REFERENCES accounts (id),
    id TEXT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    event TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (account, id)
);
