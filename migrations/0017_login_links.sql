-- How a session began, and the links by which operators come in when nothing else works.

ALTER TABLE sessions ADD COLUMN via TEXT NOT NULL DEFAULT 'saml';

CREATE TABLE login_links (
    account TEXT NOT NULL,
    digest TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    FOREIGN KEY (account, user_id) REFERENCES users (account, id) ON DELETE CASCADE
);
