-- Orders by their number and in one status are counted along an index that has both, without a look at the orders
-- themselves. A status is in other indexes already, so what changes it costs no more than before.
--
-- A generation that has orders keeps the index that it has: another one would hold up whoever feeds it for as long as it
-- takes to make. The next `daybook replay order_history` makes tables with this one, while everything goes on.
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

DO $$
DECLARE
    old record;
    is_empty boolean;
BEGIN
    FOR old IN
        SELECT i.indexrelid::regclass AS name, i.indrelid::regclass AS orders, pg_get_indexdef(i.indexrelid) AS made
        FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
        WHERE c.relname ~ '^order_history_g[0-9]+_(orders|sellers)$' AND pg_table_is_visible(c.oid)
          AND pg_get_indexdef(i.indexrelid) LIKE '%number, order_id) INCLUDE (placed_at)'
    LOOP
        EXECUTE format('SELECT NOT EXISTS (SELECT FROM %s)', old.orders) INTO is_empty;
        IF is_empty THEN
            EXECUTE format('DROP INDEX %s', old.name);
            EXECUTE regexp_replace(
                replace(old.made, 'INCLUDE (placed_at)', 'INCLUDE (placed_at, status)'),
                '^CREATE INDEX \S+ ON', 'CREATE INDEX ON'
            );
        END IF;
    END LOOP;
END
$$;
