-- The coupons, how often each was used, and by whom: a read model, see 0003.
CREATE FUNCTION create_coupons(generation integer) RETURNS void
    LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE replace($ddl$
        CREATE TABLE coupons_g{g}_coupons (
            code       text        NOT NULL PRIMARY KEY,
            terms      jsonb       NOT NULL,
            withdrawn  boolean     NOT NULL,
            redeemed   bigint      NOT NULL,
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL,
            version    bigint      NOT NULL
        ) WITH (fillfactor = 50); -- a popular coupon's row changes with each order
        CREATE INDEX ON coupons_g{g}_coupons (created_at, code) WHERE NOT withdrawn;

        CREATE TABLE coupons_g{g}_users (
            code    text   NOT NULL,
            user_id uuid   NOT NULL,
            uses    bigint NOT NULL,
            PRIMARY KEY (code, user_id)
        ) WITH (fillfactor = 80);

        GRANT SELECT, INSERT, UPDATE, DELETE ON coupons_g{g}_coupons, coupons_g{g}_users TO daybook_app;
    $ddl$, '{g}', generation::text);
END
$$;

REVOKE ALL ON FUNCTION create_coupons FROM PUBLIC;

SELECT create_coupons(1);
INSERT INTO read_models (name, generation) VALUES ('coupons', 1);
INSERT INTO checkpoints (name, position, hash) VALUES ('coupons@1', 0, decode(repeat('00', 32), 'hex'));
