-- Each query-api has an index of product search of its own: how far each one is, and asking it to try again what it has
-- parked.

CREATE TABLE search_indexes (
    name     text        PRIMARY KEY, -- as in parked: product_search@1f3a90c2
    position bigint      NOT NULL,    -- what searches there show
    seen_at  timestamptz NOT NULL DEFAULT now()
);

GRANT SELECT, INSERT, UPDATE, DELETE ON search_indexes TO daybook_app;

ALTER TABLE parked ADD COLUMN retry_asked_at timestamptz; -- of product search: whoever feeds the index looks for it
