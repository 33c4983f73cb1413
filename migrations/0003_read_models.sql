-- Read models: tables that are derived from the log and can be derived again.
--
-- Each exists in generations: the tables of generation 2 of order_history are order_history_g2_…. `read_models` points
-- to the live one. A rebuild makes the next generation beside it, fills it, moves the pointer and drops the old:
-- renaming tables would break the statements that readers have prepared. To change a table, replace the function
-- that makes its generation, and replay.

-- The pointer.
CREATE TABLE read_models (
    name       text    NOT NULL PRIMARY KEY,
    generation integer NOT NULL CHECK (generation > 0), -- what queries read
    rebuilding integer CHECK (rebuilding > generation)  -- what a replay is filling, if one runs or was broken off
);

-- Why a consumer of the log stands still, for `daybook status`. A row goes away when the consumer moves again.
CREATE TABLE consumer_failures (
    name      text        NOT NULL PRIMARY KEY, -- as in checkpoints
    position  bigint      NOT NULL,             -- where it stands
    error     text        NOT NULL,
    failed_at timestamptz NOT NULL DEFAULT now()
);

GRANT SELECT ON read_models TO daybook_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON consumer_failures TO daybook_app;

-- Orders by customer, by seller, by number.
CREATE FUNCTION create_order_history(generation integer) RETURNS void
    LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE replace($ddl$
        CREATE TABLE order_history_g{g}_orders (
            order_id           uuid        NOT NULL PRIMARY KEY,
            number             text        NOT NULL,
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
        CREATE INDEX ON order_history_g{g}_orders (number);
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
            seller_id uuid        NOT NULL,
            placed_at timestamptz NOT NULL,
            order_id  uuid        NOT NULL,
            PRIMARY KEY (seller_id, placed_at, order_id)
        );

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
            order_history_g{g}_orders, order_history_g{g}_lines, order_history_g{g}_sellers,
            order_history_g{g}_history, order_history_g{g}_refunds, order_history_g{g}_payments TO daybook_app;
    $ddl$, '{g}', generation::text);
END
$$;

-- What each seller earned, by currency and day of occurred_at in UTC.
CREATE FUNCTION create_seller_stats(generation integer) RETURNS void
    LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE replace($ddl$
        CREATE TABLE seller_stats_g{g}_days (
            seller_id      uuid   NOT NULL,
            currency       text   NOT NULL,
            day            date   NOT NULL,
            gross          bigint NOT NULL,
            refunds        bigint NOT NULL,
            orders         bigint NOT NULL,
            units          bigint NOT NULL,
            returned_units bigint NOT NULL,
            PRIMARY KEY (seller_id, currency, day)
        ) WITH (fillfactor = 80);

        CREATE TABLE seller_stats_g{g}_products (
            seller_id      uuid   NOT NULL,
            currency       text   NOT NULL,
            day            date   NOT NULL,
            product_id     uuid   NOT NULL,
            gross          bigint NOT NULL,
            refunds        bigint NOT NULL,
            units          bigint NOT NULL,
            returned_units bigint NOT NULL,
            PRIMARY KEY (seller_id, currency, day, product_id)
        ) WITH (fillfactor = 80);

        GRANT SELECT, INSERT, UPDATE, DELETE ON seller_stats_g{g}_days, seller_stats_g{g}_products TO daybook_app;
    $ddl$, '{g}', generation::text);
END
$$;

-- What is for sale, and how much of it.
CREATE FUNCTION create_catalog(generation integer) RETURNS void
    LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE replace($ddl$
        CREATE TABLE catalog_g{g}_products (
            product_id  uuid        NOT NULL PRIMARY KEY,
            seller_id   uuid        NOT NULL,
            sku         text        NOT NULL,
            slug        text        NOT NULL,
            external_id text,
            details     jsonb       NOT NULL,
            withdrawn   boolean     NOT NULL,
            created_at  timestamptz NOT NULL,
            updated_at  timestamptz NOT NULL,
            version     bigint      NOT NULL
        );
        -- Not unique: events of different products may come in any order, the log keeps them unique.
        CREATE INDEX ON catalog_g{g}_products (slug);
        CREATE INDEX ON catalog_g{g}_products (seller_id, sku);
        CREATE INDEX ON catalog_g{g}_products (external_id) WHERE external_id IS NOT NULL;

        -- Beside the products, so that a change of stock rewrites three numbers and not a page of text.
        CREATE TABLE catalog_g{g}_stock (
            product_id uuid   NOT NULL PRIMARY KEY,
            on_hand    bigint NOT NULL,
            reserved   bigint NOT NULL,
            version    bigint NOT NULL
        ) WITH (fillfactor = 50);

        GRANT SELECT, INSERT, UPDATE, DELETE ON catalog_g{g}_products, catalog_g{g}_stock TO daybook_app;
    $ddl$, '{g}', generation::text);
END
$$;

REVOKE ALL ON FUNCTION create_order_history, create_seller_stats, create_catalog FROM PUBLIC;

SELECT create_order_history(1), create_seller_stats(1), create_catalog(1);
INSERT INTO read_models (name, generation) VALUES ('order_history', 1), ('seller_stats', 1), ('catalog', 1);
INSERT INTO checkpoints (name, position, hash)
    SELECT name || '@' || generation, 0, decode(repeat('00', 32), 'hex') FROM read_models;
