-- No row may be here: a change that tries to leave one says that what it was decided upon does not hold any more.

CREATE TABLE guards (
    holds BIGINT NOT NULL CHECK (holds = 1)
);
