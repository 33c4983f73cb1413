-- The catalog knows its categories, and which products are hidden.

CREATE OR REPLACE FUNCTION create_catalog(generation integer) RETURNS void
    LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE replace($ddl$
        CREATE TABLE catalog_g{g}_products (
            product_id    uuid        NOT NULL PRIMARY KEY,
            seller_id     uuid        NOT NULL,
            sku           text        NOT NULL,
            slug          text        NOT NULL,
            external_id   text,
            category_id   uuid,
            category_word text,                 -- in lower case; a product that has an id has no word
            details       jsonb       NOT NULL,
            hidden        boolean     NOT NULL,
            withdrawn     boolean     NOT NULL,
            created_at    timestamptz NOT NULL,
            updated_at    timestamptz NOT NULL,
            version       bigint      NOT NULL
        );
        -- Not unique: events of different products may come in any order, the log keeps them unique.
        CREATE INDEX ON catalog_g{g}_products (slug);
        CREATE INDEX ON catalog_g{g}_products (seller_id, sku);
        CREATE INDEX ON catalog_g{g}_products (external_id) WHERE external_id IS NOT NULL;
        -- Counts by category are read from it alone, and the newest of a category.
        CREATE INDEX ON catalog_g{g}_products (category_id, category_word, created_at DESC, product_id)
            WHERE NOT withdrawn AND NOT hidden;

        -- Beside the products, so that a change of stock rewrites three numbers and not a page of text.
        CREATE TABLE catalog_g{g}_stock (
            product_id uuid   NOT NULL PRIMARY KEY,
            on_hand    bigint NOT NULL,
            reserved   bigint NOT NULL,
            version    bigint NOT NULL
        ) WITH (fillfactor = 50);

        -- Short by nature: some hundreds.
        CREATE TABLE catalog_g{g}_categories (
            category_id uuid    NOT NULL PRIMARY KEY,
            name        text    NOT NULL,
            name_key    text    NOT NULL,       -- in lower case
            slug        text    NOT NULL,
            description text,
            image       text,
            parent_id   uuid,
            sort_order  integer NOT NULL,
            removed     boolean NOT NULL,
            version     bigint  NOT NULL
        );
        CREATE INDEX ON catalog_g{g}_categories (slug);
        CREATE INDEX ON catalog_g{g}_categories (name_key);

        GRANT SELECT, INSERT, UPDATE, DELETE ON
            catalog_g{g}_products, catalog_g{g}_stock, catalog_g{g}_categories TO daybook_app;
    $ddl$, '{g}', generation::text);
END
$$;

-- Every generation goes, the first is made anew, and the log is read again from its beginning.
DO $$
DECLARE
    old text;
BEGIN
    FOR old IN SELECT relname FROM pg_class
               WHERE relkind = 'r' AND relname ~ '^catalog_g[0-9]+_' AND pg_table_is_visible(oid) LOOP
        EXECUTE format('DROP TABLE %I', old);
    END LOOP;
    DELETE FROM checkpoints WHERE name LIKE 'catalog@%';
    UPDATE read_models SET generation = 1, rebuilding = NULL WHERE name = 'catalog';
    PERFORM create_catalog(1);
    INSERT INTO checkpoints (name, position, hash) VALUES ('catalog@1', 0, decode(repeat('00', 32), 'hex'));
END
$$;
