-- Stored payment methods: what a person may know of a card, and the token by which its gateway charges it. No number of a
-- card is ever here. Every change of one user's methods locks the user's row first, as with addresses.
CREATE TABLE payment_methods (
    id           uuid        NOT NULL PRIMARY KEY,
    user_id      uuid        NOT NULL REFERENCES users ON DELETE CASCADE,
    gateway      text        NOT NULL,
    reference    text        NOT NULL, -- the gateway's own
    type         text        NOT NULL,
    brand        text        NOT NULL,
    last4        text        NOT NULL CHECK (last4 ~ '^[0-9]{4}$'),
    expiry_month smallint    NOT NULL CHECK (expiry_month BETWEEN 1 AND 12),
    expiry_year  smallint    NOT NULL,
    is_default   boolean     NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX payment_methods_user ON payment_methods (user_id);
CREATE UNIQUE INDEX payment_methods_default ON payment_methods (user_id) WHERE is_default;

GRANT SELECT, INSERT, UPDATE, DELETE ON payment_methods TO daybook_app;
