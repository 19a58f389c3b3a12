-- Whom an account tells of what happens, and what waits to be told.

CREATE TABLE webhooks (
    account TEXT NOT NULL REFERENCES accounts (id),
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    kinds TEXT NOT NULL,
    secret TEXT NOT NULL,
    former TEXT,
    former_until BIGINT,
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    -- Up to which entry of the account's chain there are messages.
    through BIGINT NOT NULL,
    -- Whoever delivers holds it until then; after a failure nobody tries before.
    free_at BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    failing_since BIGINT,
    last_at BIGINT,
    last_status BIGINT,
    PRIMARY KEY (account, id)
);

CREATE TABLE webhook_messages (
    account TEXT NOT NULL,
    webhook TEXT NOT NULL,
    id TEXT NOT NULL,
    number BIGINT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    last_at BIGINT,
    last_status BIGINT,
    PRIMARY KEY (account, webhook, id),
    FOREIGN KEY (account, webhook) REFERENCES webhooks (account, id) ON DELETE CASCADE
);

CREATE INDEX webhook_messages_due ON webhook_messages (due_at) WHERE state = 'waiting';

CREATE INDEX webhook_messages_in_order ON webhook_messages (account, webhook, number) WHERE state = 'waiting';

CREATE INDEX webhook_messages_by_age ON webhook_messages (created_at);
