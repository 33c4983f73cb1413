-- Where a read model that Kafka feeds stands in each partition; its checkpoint is what of the log is complete by that.
--
-- Applied is all that the checkpoint covers, and in each partition all that its position covers.

CREATE TABLE partition_offsets (
    consumer    text        NOT NULL, -- as in checkpoints: order_history@2
    topic       text        NOT NULL,
    partition   integer     NOT NULL,
    next_offset bigint      NOT NULL, -- of the record that is to be read next
    position    bigint      NOT NULL, -- in the log, of the last event that was applied: what isn't above it was, too
    updated_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, topic, partition)
) WITH (fillfactor = 50); -- its few rows are updated with every batch

GRANT SELECT, INSERT, UPDATE, DELETE ON partition_offsets TO daybook_app;
