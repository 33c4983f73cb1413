-- The payment intents that were made at Stripe, which forgets its idempotency keys after a day. A row is written before
-- its intent is confirmed: an intent that isn't here was never charged.
CREATE TABLE stripe_intents (
    payment_id uuid        NOT NULL,
    generation integer     NOT NULL CHECK (generation >= 0), -- the next one follows when one was cancelled
    intent_id  text        NOT NULL UNIQUE,                  -- Stripe's own: pi_…
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (payment_id, generation)
);

GRANT SELECT, INSERT ON stripe_intents TO daybook_app;
