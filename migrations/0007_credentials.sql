-- Credentials of programs, the keys that sign our tokens, and the tokens that were taken back before their end.

CREATE TABLE credentials (
    account TEXT NOT NULL REFERENCES accounts (id),
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    digest TEXT NOT NULL UNIQUE,
    scopes TEXT NOT NULL,
    networks TEXT NOT NULL,
    app TEXT,
    trusts TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    last_used BIGINT,
    revoked_at BIGINT,
    PRIMARY KEY (account, id)
);

-- The newest that may sign already signs; of two nodes that make the same one, the first wins.
CREATE TABLE token_keys (
    number BIGINT NOT NULL PRIMARY KEY,
    sealed TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    signs_from BIGINT NOT NULL
);

CREATE TABLE revoked_tokens (
    account TEXT NOT NULL REFERENCES accounts (id),
    id TEXT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (account, id)
);
