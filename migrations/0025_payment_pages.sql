-- What gateways tell by themselves, and what the simulated one needs for its pages and webhooks.

-- Notices that were taken, by the gateway's own id of each: one that comes again changes nothing.
CREATE TABLE gateway_notices (
    gateway     text        NOT NULL,
    id          text        NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (gateway, id)
);
CREATE INDEX gateway_notices_age ON gateway_notices (received_at);

ALTER TABLE simulator_charges
    ADD COLUMN return_url text,        -- where the customer goes after the 3-D Secure page
    ADD COLUMN cancel_url text,
    ADD COLUMN settles_at timestamptz, -- from when on a charge that is processing has succeeded
    DROP CONSTRAINT simulator_charges_status_check,
    ADD CONSTRAINT simulator_charges_status_check
        CHECK (status IN ('succeeded', 'requires_action', 'processing', 'declined'));

-- Webhooks that the simulator still has to send. A row goes away when it was taken.
CREATE TABLE simulator_webhooks (
    id      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    payload text        NOT NULL,
    due_at  timestamptz NOT NULL,
    tries   integer     NOT NULL DEFAULT 0
);
CREATE INDEX simulator_webhooks_due ON simulator_webhooks (due_at);

-- By what it signs them: made at the first start, known to every process of this database.
CREATE TABLE simulator_secret (
    one    boolean NOT NULL PRIMARY KEY DEFAULT true CHECK (one),
    secret text    NOT NULL
);

GRANT SELECT, INSERT, DELETE ON gateway_notices TO daybook_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON simulator_webhooks TO daybook_app;
GRANT SELECT, INSERT ON simulator_secret TO daybook_app;
