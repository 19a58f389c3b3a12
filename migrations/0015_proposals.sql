-- What one person asks for and a second one decides.

CREATE TABLE proposals (
    account TEXT NOT NULL REFERENCES accounts (id),
    id TEXT NOT NULL,
    user_id TEXT,
    wish TEXT NOT NULL,
    reason TEXT NOT NULL,
    author TEXT NOT NULL,
    behind TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    decided_by TEXT,
    decided_at BIGINT,
    comment TEXT,
    PRIMARY KEY (account, id),
    FOREIGN KEY (account, user_id) REFERENCES users (account, id) ON DELETE CASCADE
);

-- The same is asked for once at a time.
CREATE UNIQUE INDEX proposals_open ON proposals (account, wish) WHERE state = 'open';

CREATE INDEX proposals_by_state ON proposals (account, state, id);

CREATE INDEX proposals_by_user ON proposals (account, user_id) WHERE user_id IS NOT NULL;
