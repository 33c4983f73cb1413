-- Accounts that are locked or erased; one-time codes; messages to people; and which rows of `personal` no event has named
-- yet.

ALTER TABLE users ADD locked_at timestamptz, ADD erased_at timestamptz;

-- The code that a user was sent last by a channel. Only its Argon2id hash is kept, and not even that once it is used.
CREATE TABLE verification_codes (
    user_id         uuid        NOT NULL REFERENCES users ON DELETE CASCADE,
    channel         text        NOT NULL CHECK (channel IN ('email', 'sms')),
    code_hash       text,
    tries_left      integer     NOT NULL,
    expires_at      timestamptz NOT NULL,
    issued          integer     NOT NULL, -- so many since window_began_at
    window_began_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, channel)
);

-- Whoever forgot their password: an address as it was typed. A process manager looks whose it is, so that the request
-- takes as long for an address that nobody has.
CREATE TABLE reset_requests (
    id         uuid        NOT NULL PRIMARY KEY,
    email      text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- What a reset link proves itself with; only the digest is kept.
CREATE TABLE password_resets (
    token_hash bytea       NOT NULL PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    user_id    uuid        NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX password_resets_user ON password_resets (user_id);

-- E-mail and SMS, written in the transaction of what they are about. What they say is emptied when they are sent, or
-- can't be any more.
CREATE TABLE messages (
    id              uuid        NOT NULL PRIMARY KEY,
    user_id         uuid        REFERENCES users ON DELETE CASCADE,
    channel         text        NOT NULL CHECK (channel IN ('email', 'sms')),
    template        text        NOT NULL,
    recipient       text        NOT NULL,
    body            jsonb,      -- what the template is filled with
    status          text        NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'sent', 'failed', 'expired')),
    attempts        integer     NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    error           text,
    created_at      timestamptz NOT NULL DEFAULT now(),
    expires_at      timestamptz, -- of no use after this
    sent_at         timestamptz,
    CHECK (status = 'queued' OR body IS NULL)
);
CREATE INDEX messages_queued ON messages (next_attempt_at) WHERE status = 'queued';
CREATE INDEX messages_user ON messages (user_id);

-- Rows of `personal` that no event has named yet: a process manager takes a row away when it sees its id in the log,
-- and sweeps what is left after a day with the row of `personal` itself.
CREATE TABLE personal_unnamed (
    id         uuid        NOT NULL PRIMARY KEY,
    written_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX personal_unnamed_written ON personal_unnamed (written_at);
-- Outside customers are never swept: orders name them as their customer, imports perhaps much later.
INSERT INTO personal_unnamed (id, written_at)
SELECT id, created_at FROM personal WHERE purpose <> 'external_customer';

GRANT SELECT, INSERT, UPDATE, DELETE
    ON verification_codes, reset_requests, password_resets, messages, personal_unnamed TO daybook_app;
