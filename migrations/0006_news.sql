-- What was taken away or changed, so that every node forgets what it remembers of it: numbered without a gap, in the transaction of the change.

CREATE TABLE news_counter (
    one BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    revision BIGINT NOT NULL,
    epoch TEXT NOT NULL
);

INSERT INTO news_counter (one, revision, epoch) VALUES (1, 0, '');

CREATE TABLE news (
    revision BIGINT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    about TEXT
);
