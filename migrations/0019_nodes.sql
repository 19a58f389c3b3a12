-- What was refused lately is asked for across accounts; sign-ins that went well are no part of it.
CREATE INDEX attempts_refused ON attempts (at) WHERE outcome <> 'accepted';

-- The servers at work on this database; each writes once a minute, and takes itself away when it ends.
CREATE TABLE nodes (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    policy TEXT NOT NULL,
    since BIGINT NOT NULL,
    seen_at BIGINT NOT NULL
);
