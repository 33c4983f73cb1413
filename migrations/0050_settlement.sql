-- Which attempt took each intent last: whoever gives an attempt up leaves an intent alone that a later one has taken.
-- 0: it was made before this was noted, by any attempt.
ALTER TABLE stripe_intents ADD COLUMN attempt bigint NOT NULL DEFAULT 0;

GRANT UPDATE (attempt) ON stripe_intents TO daybook_app;

-- Refunds that their gateway has made and not settled yet, perhaps for days. A row is written when the gateway says so, and
-- goes when the refund is settled in the log; while it is here the gateway is asked now and then.
CREATE TABLE pending_refunds (
    refund_id  uuid        NOT NULL PRIMARY KEY,
    payment_id uuid        NOT NULL,
    because    jsonb       NOT NULL,            -- what is recorded beside the event that settles it
    asks       integer     NOT NULL DEFAULT 0,  -- how often the gateway was asked since
    ask_at     timestamptz NOT NULL             -- when it is asked next
);
CREATE INDEX pending_refunds_due ON pending_refunds (ask_at);
CREATE INDEX pending_refunds_payment ON pending_refunds (payment_id);

GRANT SELECT, INSERT, UPDATE, DELETE ON pending_refunds TO daybook_app;
