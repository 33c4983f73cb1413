-- People, shops and keys: ordinary tables, not event-sourced, so that they can be erased (ARCHITECTURE.md, decision 12).
-- Events name a user, a shop or a row of `personal` by id alone.

CREATE TABLE users (
    id                uuid        NOT NULL PRIMARY KEY,
    email             text        NOT NULL,
    username          text,
    password_hash     text        NOT NULL,
    first_name        text        NOT NULL DEFAULT '',
    last_name         text        NOT NULL DEFAULT '',
    phone             text,
    date_of_birth     date,
    gender            text,
    interests         text[]      NOT NULL DEFAULT '{}',
    avatar_url        text,
    bio               text,
    preferences       jsonb       NOT NULL DEFAULT '{}',
    roles             text[]      NOT NULL
        CHECK (roles <@ ARRAY['Customer', 'Seller', 'Admin', 'Auditor', 'Service'] AND cardinality(roles) > 0),
    email_verified_at timestamptz,
    phone_verified_at timestamptz,
    last_login_at     timestamptz,
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX users_email ON users (lower(email));
CREATE UNIQUE INDEX users_username ON users (lower(username));

-- Failed logins by identifier, of accounts that exist and of others alike. The identifier's digest: whatever a stranger
-- typed, perhaps a password, isn't kept.
CREATE TABLE login_failures (
    identifier bytea       NOT NULL PRIMARY KEY CHECK (octet_length(identifier) = 32),
    failures   integer     NOT NULL,
    failed_at  timestamptz NOT NULL
);

-- A refresh token's digest. A token is exchanged for the next of its family; one that comes a second time revokes it.
CREATE TABLE refresh_tokens (
    token_hash bytea       NOT NULL PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    family     uuid        NOT NULL,
    user_id    uuid        NOT NULL REFERENCES users ON DELETE CASCADE,
    issued_at  timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at    timestamptz,
    revoked_at timestamptz
);
CREATE INDEX refresh_tokens_family ON refresh_tokens (family);
CREATE INDEX refresh_tokens_user ON refresh_tokens (user_id);

-- The public halves of the keys that sign access tokens; every process and the JWKS read them here.
CREATE TABLE signing_keys (
    kid        text        NOT NULL PRIMARY KEY,
    public_key bytea       NOT NULL CHECK (octet_length(public_key) = 32),
    created_at timestamptz NOT NULL DEFAULT now()
);

-- What an order, a payment or a review must keep of a person. Erasing sets the body to null; the row stays.
CREATE TABLE personal (
    id         uuid        NOT NULL PRIMARY KEY,
    subject    uuid,       -- the user; null for a guest and for an outside customer
    purpose    text        NOT NULL,
    keep_until timestamptz, -- what an invoice needs is erased only after this
    body       jsonb,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX personal_subject ON personal (subject);
CREATE UNIQUE INDEX personal_external_customer ON personal ((body ->> 'scope'), (body ->> 'externalId'))
    WHERE purpose = 'external_customer';

CREATE TABLE shops (
    id         uuid        NOT NULL PRIMARY KEY,
    owner_id   uuid        UNIQUE REFERENCES users, -- one shop per user; null for the house's
    name       text        NOT NULL,
    slug       text        NOT NULL UNIQUE,
    status     text        NOT NULL CHECK (status IN ('pending_verification', 'verified', 'rejected', 'suspended')),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- The shop of products that an admin creates without naming a seller.
INSERT INTO shops (id, name, slug, status)
VALUES ('01900000-0000-7000-8000-000000000001', 'Daybook', 'daybook', 'verified');

-- Orders are numbered from it: ORD-2026-000100. Numbers may have gaps.
CREATE SEQUENCE order_numbers MINVALUE 100;

GRANT SELECT, INSERT, UPDATE, DELETE ON users, login_failures, refresh_tokens, personal, shops TO daybook_app;
GRANT SELECT, INSERT ON signing_keys TO daybook_app;
GRANT USAGE ON SEQUENCE order_numbers TO daybook_app;
