-- When gateways are asked.

-- How far the lists were read in which gateways keep what they told by themselves: a webhook may never have come.
CREATE TABLE gateway_bookmarks (
    gateway    text        NOT NULL PRIMARY KEY,
    told_until timestamptz,                              -- what was told before was taken; by the gateway's own clock
    read_at    timestamptz NOT NULL DEFAULT '-infinity'  -- when the list was read last
);

GRANT SELECT, INSERT, UPDATE ON gateway_bookmarks TO daybook_app;

-- When a gateway is asked next about one thing that it was asked about so often: after two seconds, then after twice as
-- long each time, up to an hour.
CREATE FUNCTION ask_again_at(asks integer) RETURNS timestamptz
    LANGUAGE sql STABLE
AS $$
    SELECT now() + make_interval(secs => least(3600::float8, power(2::float8, least(asks, 30))))
$$;

REVOKE ALL ON FUNCTION ask_again_at FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ask_again_at TO daybook_app;
