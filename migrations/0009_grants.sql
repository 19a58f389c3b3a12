-- What claims gave at the last sign-in, and what administrators grant and deny: roles follow from both whenever they are read, so that no copy is out of date.

ALTER TABLE users ADD COLUMN claimed TEXT NOT NULL DEFAULT '[]';

CREATE TABLE grants (
    account TEXT NOT NULL,
    user_id TEXT NOT NULL,
    role TEXT NOT NULL,
    kind TEXT NOT NULL,
    author TEXT NOT NULL,
    reason TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    ends_at BIGINT,
    PRIMARY KEY (account, user_id, role, kind),
    FOREIGN KEY (account, user_id) REFERENCES users (account, id) ON DELETE CASCADE
);
