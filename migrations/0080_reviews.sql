-- What people say of products: a read model, see 0003. Their words are in `personal`; here is which reviews a product has,
-- and what their stars come to.
CREATE FUNCTION create_reviews(generation integer) RETURNS void
    LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE replace($ddl$
        CREATE TABLE reviews_g{g}_reviews (
            product_id uuid        NOT NULL,
            user_id    uuid        NOT NULL,
            review_id  uuid        NOT NULL,
            created_at timestamptz NOT NULL,
            PRIMARY KEY (product_id, user_id)
        );
        CREATE INDEX ON reviews_g{g}_reviews (product_id, created_at, review_id);

        CREATE TABLE reviews_g{g}_ratings (
            product_id uuid   NOT NULL PRIMARY KEY,
            stars      bigint NOT NULL, -- all together
            reviews    bigint NOT NULL
        ) WITH (fillfactor = 50); -- a popular product's row changes with each review

        GRANT SELECT, INSERT, UPDATE, DELETE ON reviews_g{g}_reviews, reviews_g{g}_ratings TO daybook_app;
    $ddl$, '{g}', generation::text);
END
$$;

REVOKE ALL ON FUNCTION create_reviews FROM PUBLIC;

SELECT create_reviews(1);
INSERT INTO read_models (name, generation) VALUES ('reviews', 1);
INSERT INTO checkpoints (name, position, hash) VALUES ('reviews@1', 0, decode(repeat('00', 32), 'hex'));
