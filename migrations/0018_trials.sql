-- Sign-ins that are only tried out: who started each. NULL for the others.

ALTER TABLE attempts ADD COLUMN tester TEXT;

CREATE INDEX attempts_of_a_tester ON attempts (account, tester, id) WHERE tester IS NOT NULL;

-- What a client's administrator does without an account, while theirs is set up. `code` is what the link carries, until it is used up;
-- `cookie` is what their browser carries from then on.
CREATE TABLE setup_links (
    account TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    id TEXT NOT NULL PRIMARY KEY,
    made_by TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    code TEXT UNIQUE,
    cookie TEXT UNIQUE,
    opened_at BIGINT,
    opened_from TEXT,
    ended_at BIGINT
);

CREATE INDEX setup_links_of_an_account ON setup_links (account, id);
