-- Apps on hosts of their own get a cookie there: by a code that is used once, and only as long as the session lives that it came from.

CREATE TABLE handoffs (
    digest TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    user_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    host TEXT NOT NULL,
    target TEXT NOT NULL,
    nonce TEXT NOT NULL,
    until BIGINT NOT NULL,
    FOREIGN KEY (account, user_id, session_id) REFERENCES sessions (account, user_id, id) ON DELETE CASCADE
);

CREATE TABLE gate_cookies (
    digest TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    user_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    host TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    FOREIGN KEY (account, user_id, session_id) REFERENCES sessions (account, user_id, id) ON DELETE CASCADE
);

CREATE INDEX handoffs_by_session ON handoffs (account, user_id, session_id);

CREATE INDEX gate_cookies_by_session ON gate_cookies (account, user_id, session_id);
