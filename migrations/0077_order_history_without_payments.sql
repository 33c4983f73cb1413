-- Order history in its second version: without the steps, refunds and payments of each order, which nobody asked it for. An
-- order by its id is folded from its streams. A third of what was written for each order that was placed and paid went there.
CREATE OR REPLACE FUNCTION create_order_history_tables(generation integer) RETURNS void
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
        CREATE INDEX ON order_history_g{g}_orders (number, order_id) INCLUDE (placed_at, status);
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
        CREATE INDEX ON order_history_g{g}_sellers (seller_id, number, order_id) INCLUDE (placed_at, status);

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

        GRANT SELECT, INSERT, UPDATE, DELETE ON
            order_history_g{g}_orders, order_history_g{g}_lines, order_history_g{g}_sellers, order_history_g{g}_counts
            TO daybook_app;
    $ddl$, '{g}', generation::text);
END
$$;

-- Where nothing has happened yet there is nothing to build anew. Elsewhere builds of before go on with the first version until
-- this one is built beside it.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM events)
        AND EXISTS (SELECT FROM read_models WHERE name = 'order_history' AND version = 1 AND generation = 1)
    THEN
        DROP TABLE order_history_g1_orders, order_history_g1_lines, order_history_g1_sellers, order_history_g1_counts,
            order_history_g1_history, order_history_g1_refunds, order_history_g1_payments;
        PERFORM create_order_history(1);
        DELETE FROM partition_offsets WHERE consumer = 'order_history@1'; -- of payments, too
        UPDATE read_models SET version = 2 WHERE name = 'order_history';
    END IF;
END
$$;
