-- Stored addresses. Every change of one user's addresses locks the user's row first, so that exactly one is the default
-- as soon as there are any; the index would refuse a second.
CREATE TABLE addresses (
    id          uuid        NOT NULL PRIMARY KEY,
    user_id     uuid        NOT NULL REFERENCES users ON DELETE CASCADE,
    full_name   text,
    street      text        NOT NULL,
    second_line text,
    city        text        NOT NULL,
    state       text,
    zip_code    text,
    country     text        NOT NULL,
    phone       text,
    is_default  boolean     NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX addresses_user ON addresses (user_id);
CREATE UNIQUE INDEX addresses_default ON addresses (user_id) WHERE is_default;

-- What a request with an idempotency key made, of the things that are not in the log; those keep theirs with it. The key
-- is a digest of (user, method, path, key), the fingerprint one of the body.
CREATE TABLE request_keys (
    key         bytea       NOT NULL PRIMARY KEY CHECK (octet_length(key) = 32),
    fingerprint bytea       NOT NULL CHECK (octet_length(fingerprint) = 32),
    resource    uuid        NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
);

GRANT SELECT, INSERT, UPDATE, DELETE ON addresses TO daybook_app;
GRANT SELECT, INSERT ON request_keys TO daybook_app;
