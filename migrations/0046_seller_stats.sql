-- What each seller earned, by quarter of an hour: every time zone of today is a whole number of quarters from UTC, so
-- the days, weeks and months of any of them are sums of whole rows. Products have a row for each day in UTC as well, so
-- that a long time is not added up from quarters; and customers the quarters in which they bought.
CREATE OR REPLACE FUNCTION create_seller_stats(generation integer) RETURNS void
    LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE replace($ddl$
        CREATE TABLE seller_stats_g{g}_sums (
            seller_id      uuid        NOT NULL,
            currency       text        NOT NULL,
            at             timestamptz NOT NULL, -- the beginning of the quarter
            gross          bigint      NOT NULL,
            refunds        bigint      NOT NULL,
            orders         bigint      NOT NULL,
            units          bigint      NOT NULL,
            returned_units bigint      NOT NULL,
            PRIMARY KEY (seller_id, at, currency)
        ) WITH (fillfactor = 80);

        CREATE TABLE seller_stats_g{g}_products (
            seller_id      uuid        NOT NULL,
            currency       text        NOT NULL,
            at             timestamptz NOT NULL,
            product_id     uuid        NOT NULL,
            gross          bigint      NOT NULL,
            refunds        bigint      NOT NULL,
            units          bigint      NOT NULL,
            returned_units bigint      NOT NULL,
            PRIMARY KEY (seller_id, at, product_id, currency)
        ) WITH (fillfactor = 80);

        CREATE TABLE seller_stats_g{g}_product_days (
            seller_id      uuid   NOT NULL,
            currency       text   NOT NULL,
            day            date   NOT NULL, -- in UTC
            product_id     uuid   NOT NULL,
            gross          bigint NOT NULL,
            refunds        bigint NOT NULL,
            units          bigint NOT NULL,
            returned_units bigint NOT NULL,
            PRIMARY KEY (seller_id, day, product_id, currency)
        ) WITH (fillfactor = 80);

        CREATE TABLE seller_stats_g{g}_customers (
            seller_id   uuid        NOT NULL,
            customer_id uuid        NOT NULL,
            first_at    timestamptz NOT NULL, -- the quarter of the first order that was paid
            PRIMARY KEY (seller_id, customer_id)
        );

        CREATE TABLE seller_stats_g{g}_purchases (
            seller_id   uuid        NOT NULL,
            at          timestamptz NOT NULL,
            customer_id uuid        NOT NULL,
            PRIMARY KEY (seller_id, at, customer_id)
        );

        GRANT SELECT, INSERT, UPDATE, DELETE ON
            seller_stats_g{g}_sums, seller_stats_g{g}_products, seller_stats_g{g}_product_days,
            seller_stats_g{g}_customers, seller_stats_g{g}_purchases TO daybook_app;
    $ddl$, '{g}', generation::text);
END
$$;

-- Nothing is deployed yet: the first generation is made anew, and the projection fills it from the log's beginning.
DROP TABLE seller_stats_g1_days, seller_stats_g1_products;
SELECT create_seller_stats(1);
UPDATE read_models SET generation = 1, rebuilding = NULL WHERE name = 'seller_stats';
UPDATE checkpoints SET position = 0, hash = decode(repeat('00', 32), 'hex') WHERE name = 'seller_stats@1';
