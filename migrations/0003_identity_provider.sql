-- How an identity provider's descriptor is kept fresh by its address, which keys are never trusted again, and which certificates are watched.

-- What is in force stands in the active revision; here is how it was asked for, and what waits for somebody's yes.
CREATE TABLE sources (
    account TEXT NOT NULL PRIMARY KEY REFERENCES accounts (id),
    url TEXT NOT NULL,
    etag TEXT,
    last_modified TEXT,
    digest TEXT,
    cache BIGINT,
    judged BIGINT,
    asked_at BIGINT,
    good_at BIGINT,
    next_at BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    problem TEXT,
    valid_until BIGINT,
    candidate TEXT,
    change TEXT,
    held_at BIGINT,
    refused TEXT
);

CREATE INDEX sources_by_next ON sources (next_at);

-- By the key itself: another certificate for the same key is no better.
CREATE TABLE distrusted (
    account TEXT NOT NULL REFERENCES accounts (id),
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    reason TEXT NOT NULL,
    actor TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (account, key)
);

-- `announced` is the least number of days that was announced already.
CREATE TABLE certificates (
    account TEXT NOT NULL REFERENCES accounts (id),
    fingerprint TEXT NOT NULL,
    owner TEXT NOT NULL,
    subject TEXT NOT NULL,
    not_after BIGINT NOT NULL,
    announced BIGINT,
    PRIMARY KEY (account, fingerprint)
);
