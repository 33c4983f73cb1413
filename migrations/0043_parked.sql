-- Aggregates that a read model has stopped at: it could not take an event of theirs. Everything else goes on.

CREATE TABLE parked (
    consumer       text        NOT NULL, -- as in checkpoints: order_history@2
    aggregate_type text        NOT NULL,
    aggregate_id   text        NOT NULL,
    sequence       bigint      NOT NULL, -- from this event of the stream on, nothing was applied
    position       bigint      NOT NULL, -- of that event
    event_type     text        NOT NULL,
    error          text        NOT NULL,
    parked_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, aggregate_type, aggregate_id)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON parked TO daybook_app;
