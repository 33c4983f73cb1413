-- What process managers and the simulated gateway keep. None of it is derived from the log alone: the gateway stands
-- for a company elsewhere, with a database of its own.

-- Unpaid orders and when their stock goes back.
CREATE TABLE order_expiries (
    order_id   uuid        NOT NULL PRIMARY KEY,
    expires_at timestamptz NOT NULL
);
CREATE INDEX order_expiries_due ON order_expiries (expires_at);

-- What the simulator charged. A key is charged once, however often it is asked for.
CREATE TABLE simulator_charges (
    key        text        NOT NULL PRIMARY KEY, -- the caller's idempotency key: payment and attempt
    id         text        NOT NULL UNIQUE,      -- the simulator's own: sim_ch_…
    amount     bigint      NOT NULL CHECK (amount > 0),
    currency   text        NOT NULL,
    token      text        NOT NULL,
    status     text        NOT NULL CHECK (status IN ('succeeded', 'requires_action', 'declined')),
    code       text,                             -- why it was declined
    brand      text,
    last4      text,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- What it gave back.
CREATE TABLE simulator_refunds (
    key        text        NOT NULL PRIMARY KEY, -- the refund's id
    id         text        NOT NULL UNIQUE,
    charge_id  text        NOT NULL REFERENCES simulator_charges (id),
    amount     bigint      NOT NULL CHECK (amount > 0),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX simulator_refunds_charge ON simulator_refunds (charge_id);

GRANT SELECT, INSERT, DELETE ON order_expiries TO daybook_app;
GRANT SELECT, INSERT, UPDATE ON simulator_charges TO daybook_app;
GRANT SELECT, INSERT ON simulator_refunds TO daybook_app;
