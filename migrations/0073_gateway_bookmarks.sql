-- How far the lists were read in which gateways keep what they told by themselves: a webhook may never have come.
CREATE TABLE gateway_bookmarks (
    gateway    text        NOT NULL PRIMARY KEY,
    told_until timestamptz,                              -- what was told before was taken; by the gateway's own clock
    read_at    timestamptz NOT NULL DEFAULT '-infinity'  -- when the list was read last
);

GRANT SELECT, INSERT, UPDATE ON gateway_bookmarks TO daybook_app;
