-- Money that is still to go back: cancelled orders of which more was captured than went back. Few orders are so, and most of
-- them for seconds, so the index has next to nothing in it, and whoever watches Daybook may ask at any time. It goes by how long they have been so:
-- no other index has that order, and none is taken for it whose orders are left out one by one.
ALTER FUNCTION create_order_history(integer) RENAME TO create_order_history_tables;

CREATE FUNCTION create_order_history(generation integer) RETURNS void
    LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM create_order_history_tables(generation);
    EXECUTE replace($ddl$
        CREATE INDEX order_history_g{g}_orders_owed ON order_history_g{g}_orders (updated_at, order_id)
            WHERE status = 'cancelled' AND captured > refunded;
    $ddl$, '{g}', generation::text);
END
$$;

-- And of the generations that there are.
DO $$
DECLARE
    orders name;
BEGIN
    FOR orders IN
        SELECT relname FROM pg_class
        WHERE relkind = 'r' AND relname ~ '^order_history_g[0-9]+_orders$' AND pg_table_is_visible(oid)
    LOOP
        EXECUTE format(
            'CREATE INDEX %I ON %I (updated_at, order_id) WHERE status = ''cancelled'' AND captured > refunded',
            orders || '_owed', orders
        );
    END LOOP;
END
$$;
