-- Lists of orders that stay fast however many there are: each is read along an index, from the place where the page before
-- ended, and how many there are is counted when orders change and not when somebody asks.
--
-- `number` compares by its bytes, so that one index finds a number, what begins like one, and their order.
CREATE OR REPLACE FUNCTION create_order_history(generation integer) RETURNS void
    LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE replace($ddl$
        CREATE TABLE order_history_g{g}_orders (
            order_id           uuid        NOT NULL PRIMARY KEY,
            number             text        COLLATE "C" NOT NULL,
            external_id        text,
            customer_id        uuid,
            status             text        NOT NULL,
            cancel_cause       text,
            currency           text        NOT NULL,
            subtotal           bigint      NOT NULL,
            discount           bigint      NOT NULL,
            tax                bigint      NOT NULL,
            tax_rate           text        NOT NULL,
            shipping           bigint      NOT NULL,
            total              bigint      NOT NULL,
            captured           bigint      NOT NULL,
            refunded           bigint      NOT NULL,
            line_count         integer     NOT NULL,
            unit_count         bigint      NOT NULL,
            country            text,
            region             text,
            payment_id         uuid        NOT NULL,
            expires_at         timestamptz,
            carrier            text,
            estimated_delivery timestamptz,
            placed_at          timestamptz NOT NULL,
            updated_at         timestamptz NOT NULL,
            version            bigint      NOT NULL
        ) WITH (fillfactor = 80); -- an order's row changes a few times soon after it was made
        CREATE INDEX ON order_history_g{g}_orders (customer_id, placed_at, order_id) WHERE customer_id IS NOT NULL;
        CREATE INDEX ON order_history_g{g}_orders (placed_at, order_id);
        CREATE INDEX ON order_history_g{g}_orders (status, placed_at, order_id);
        CREATE INDEX ON order_history_g{g}_orders (number, order_id) INCLUDE (placed_at);
        CREATE INDEX ON order_history_g{g}_orders (external_id) WHERE external_id IS NOT NULL;

        CREATE TABLE order_history_g{g}_lines (
            order_id   uuid    NOT NULL,
            line       integer NOT NULL,
            product_id uuid    NOT NULL,
            seller_id  uuid    NOT NULL,
            sku        text    NOT NULL,
            name       text    NOT NULL,
            unit_price bigint  NOT NULL,
            quantity   bigint  NOT NULL,
            returned   bigint  NOT NULL,
            refunded   bigint  NOT NULL,
            PRIMARY KEY (order_id, line)
        );

        CREATE TABLE order_history_g{g}_sellers (
            seller_id  uuid        NOT NULL,
            placed_at  timestamptz NOT NULL,
            order_id   uuid        NOT NULL,
            number     text        COLLATE "C" NOT NULL,
            status     text        NOT NULL, -- of the seller's lines
            total      bigint      NOT NULL, -- what falls on them
            refunded   bigint      NOT NULL,
            line_count integer     NOT NULL,
            unit_count bigint      NOT NULL,
            PRIMARY KEY (seller_id, placed_at, order_id)
        ) WITH (fillfactor = 80);
        CREATE INDEX ON order_history_g{g}_sellers (order_id);
        CREATE INDEX ON order_history_g{g}_sellers (seller_id, status, placed_at, order_id);
        CREATE INDEX ON order_history_g{g}_sellers (seller_id, number, order_id) INCLUDE (placed_at);

        -- How many orders there are in a status: of a customer in all, of a seller by the month and of all by the day in
        -- which they were placed, in UTC. No row says 0.
        CREATE TABLE order_history_g{g}_counts (
            whose  text   NOT NULL, -- customer, seller, all
            owner  uuid   NOT NULL, -- 0 where it is all
            since  date   NOT NULL, -- the first day; 0001-01-01 where it is in all
            status text   NOT NULL,
            orders bigint NOT NULL,
            PRIMARY KEY (whose, owner, since, status)
        ) WITH (fillfactor = 50); -- those of today change with every batch

        CREATE TABLE order_history_g{g}_history (
            order_id    uuid        NOT NULL,
            sequence    bigint      NOT NULL,
            status      text        NOT NULL,
            occurred_at timestamptz NOT NULL,
            PRIMARY KEY (order_id, sequence)
        );

        CREATE TABLE order_history_g{g}_refunds (
            order_id    uuid        NOT NULL,
            refund_id   uuid        NOT NULL,
            amount      bigint      NOT NULL,
            occurred_at timestamptz NOT NULL,
            PRIMARY KEY (order_id, refund_id)
        );

        CREATE TABLE order_history_g{g}_payments (
            payment_id uuid        NOT NULL PRIMARY KEY,
            order_id   uuid        NOT NULL,
            phase      text        NOT NULL,
            currency   text        NOT NULL,
            amount     bigint      NOT NULL,
            captured   bigint      NOT NULL,
            refunded   bigint      NOT NULL,
            updated_at timestamptz NOT NULL,
            version    bigint      NOT NULL
        ) WITH (fillfactor = 80);

        GRANT SELECT, INSERT, UPDATE, DELETE ON
            order_history_g{g}_orders, order_history_g{g}_lines, order_history_g{g}_sellers, order_history_g{g}_counts,
            order_history_g{g}_history, order_history_g{g}_refunds, order_history_g{g}_payments TO daybook_app;
    $ddl$, '{g}', generation::text);
END
$$;

-- Nothing is deployed yet: the first generation is made anew, and the projection fills it from the log's beginning,
-- whatever fed it before. What a replay has made since goes with the next one.
DROP TABLE IF EXISTS order_history_g1_orders, order_history_g1_lines, order_history_g1_sellers, order_history_g1_history,
    order_history_g1_refunds, order_history_g1_payments;
SELECT create_order_history(1);
UPDATE read_models SET generation = 1, rebuilding = NULL WHERE name = 'order_history';
DELETE FROM partition_offsets WHERE consumer LIKE 'order\_history@%';
DELETE FROM parked WHERE consumer LIKE 'order\_history@%';
INSERT INTO checkpoints (name, position, hash) VALUES ('order_history@1', 0, decode(repeat('00', 32), 'hex'))
    ON CONFLICT (name) DO UPDATE SET position = excluded.position, hash = excluded.hash;
