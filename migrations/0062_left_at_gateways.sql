-- What gateways keep of people, and what they are to forget of them.

-- Whom a gateway knows each user as. A row is written before the gateway keeps a card for them, and goes with the user: so
-- whatever the gateway keeps of an erased user is found, also where a process died before the card was stored here.
CREATE TABLE gateway_customers (
    user_id   uuid        NOT NULL REFERENCES users ON DELETE CASCADE,
    gateway   text        NOT NULL,
    reference text        NOT NULL, -- the gateway's own: cus_…; that of a card of theirs is cus_…:pm_…
    noted_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, gateway, reference)
);

INSERT INTO gateway_customers (user_id, gateway, reference)
SELECT DISTINCT user_id, gateway, split_part(reference, ':', 1)
FROM payment_methods
WHERE gateway = 'stripe' AND reference LIKE '%:%';

-- What was removed here, and what its gateway still has. A row is written in the transaction that removes it here, and goes
-- when the gateway has forgotten it; while it is here the gateway is asked now and then.
CREATE TABLE left_at_gateways (
    gateway   text        NOT NULL,
    reference text        NOT NULL,               -- of a card or of a customer, with whom the cards go
    left_at   timestamptz NOT NULL DEFAULT now(),
    asks      integer     NOT NULL DEFAULT 0,     -- how often the gateway was asked
    ask_at    timestamptz NOT NULL DEFAULT now(), -- when it is asked next
    PRIMARY KEY (gateway, reference)
);
CREATE INDEX left_at_gateways_due ON left_at_gateways (ask_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON gateway_customers, left_at_gateways TO daybook_app;
