-- The log: the only truth. Everything else in this database can be derived from it again.
-- The rules, and why each is there, are in docs/log.md.

-- The application's role. It may execute append_group and read; it can change nothing that is in the log.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'daybook_app') THEN
        CREATE ROLE daybook_app NOLOGIN;
    END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL; -- another database of this cluster was migrated meanwhile
END
$$;

-- The columns and the primary key of postgres-es, so that tools made for cqrs-es can read it, and what
-- postgres-es lacks: one total order, the moment of recording, and an id for each event.
CREATE TABLE events (
    position       bigint      NOT NULL CHECK (position > 0),
    recorded_at    timestamptz NOT NULL,
    event_id       uuid        NOT NULL,
    sequence       bigint      NOT NULL CHECK (sequence > 0),
    aggregate_type text        NOT NULL,
    aggregate_id   text        NOT NULL,
    event_type     text        NOT NULL,
    event_version  text        NOT NULL,
    payload        json        NOT NULL,
    metadata       json        NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id, sequence)
);
CREATE UNIQUE INDEX events_position ON events (position);

-- One row a group: the events of one append. The last row is the log's head; a head that is a row of its own,
-- updated by every append, bloats under any old snapshot.
CREATE TABLE log_groups (
    last_position  bigint      NOT NULL PRIMARY KEY,
    first_position bigint      NOT NULL CHECK (first_position > 0 AND first_position <= last_position),
    recorded_at    timestamptz NOT NULL,
    group_id       uuid        NOT NULL,
    digest         bytea       NOT NULL CHECK (octet_length(digest) = 32),
    hash           bytea       NOT NULL CHECK (octet_length(hash) = 32)
);

CREATE VIEW log_head AS
    SELECT last_position AS position, hash, recorded_at
    FROM log_groups ORDER BY last_position DESC LIMIT 1;

-- What was answered to a command that came with an idempotency key: enough to render the same answer again,
-- never a token or an address. The key is a digest of (user, method, path, key).
CREATE TABLE idempotency_keys (
    key         bytea    NOT NULL PRIMARY KEY CHECK (octet_length(key) = 32),
    fingerprint bytea    NOT NULL,
    status      smallint NOT NULL,
    resource    text     NOT NULL,
    position    bigint   NOT NULL
);

-- The state of a long stream at a sequence, so that loading it is short. Never needed: dropping a row, or all,
-- changes nothing but time.
CREATE TABLE stream_snapshots (
    aggregate_type text   NOT NULL,
    aggregate_id   text   NOT NULL,
    sequence       bigint NOT NULL,
    state_version  integer NOT NULL,
    state          json   NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id)
);

-- How far each consumer of the log has come: position and chain hash, so that it notices a log that differs.
CREATE TABLE checkpoints (
    name       text        NOT NULL PRIMARY KEY,
    position   bigint      NOT NULL,
    hash       bytea       NOT NULL CHECK (octet_length(hash) = 32),
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- The log's lock. Whoever holds it commits before the next one reads the head.
CREATE FUNCTION log_lock_key() RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT 7306072023114768233';

-- Appends one group if the log still ends where the caller thinks it does, position and hash.
--
-- outcome: 'appended'; 'already', when this very group is in the log at this very place (the answer to an append
-- whose answer was lost); or 'moved', when the log goes on differently: nothing was written.
CREATE FUNCTION append_group(
    expected_position bigint, expected_hash bytea,
    new_group_id uuid, new_recorded_at timestamptz, new_digest bytea, new_hash bytea,
    aggregate_types text[], aggregate_ids text[], sequences bigint[], event_ids uuid[],
    event_types text[], event_versions text[], payloads text[], metadatas text[],
    keys bytea[], key_fingerprints bytea[], key_statuses smallint[], key_resources text[], key_positions bigint[]
) RETURNS text
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = public, pg_temp
AS $$
DECLARE
    head record;
    size integer := cardinality(sequences);
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'append_group needs READ COMMITTED: an older snapshot would hide the head' USING ERRCODE = 'DB001';
    END IF;
    IF current_setting('synchronous_commit') = 'off' THEN
        RAISE EXCEPTION 'append_group needs synchronous_commit: an acknowledged event must survive' USING ERRCODE = 'DB001';
    END IF;

    -- First the lock, then, in a statement of its own and so with a snapshot of its own, the head.
    PERFORM pg_advisory_xact_lock(log_lock_key());
    SELECT g.last_position, g.hash, g.recorded_at INTO head FROM log_groups g ORDER BY g.last_position DESC LIMIT 1;
    IF NOT FOUND THEN
        SELECT 0::bigint AS last_position, decode(repeat('00', 32), 'hex') AS hash, '-infinity'::timestamptz AS recorded_at INTO head;
    END IF;

    IF head.last_position IS DISTINCT FROM expected_position OR head.hash IS DISTINCT FROM expected_hash THEN
        PERFORM FROM log_groups g WHERE g.last_position = expected_position + size AND g.group_id = new_group_id;
        RETURN CASE WHEN FOUND THEN 'already' ELSE 'moved' END;
    END IF;
    IF new_recorded_at < head.recorded_at THEN
        RAISE EXCEPTION 'recorded_at % is before the head''s %', new_recorded_at, head.recorded_at USING ERRCODE = 'DB002';
    END IF;

    INSERT INTO events (position, recorded_at, event_id, sequence, aggregate_type, aggregate_id,
                        event_type, event_version, payload, metadata)
    SELECT expected_position + e.place, new_recorded_at, e.event_id, e.sequence, e.aggregate_type, e.aggregate_id,
           e.event_type, e.event_version, e.payload::json, e.metadata::json
    FROM unnest(aggregate_types, aggregate_ids, sequences, event_ids, event_types, event_versions, payloads, metadatas)
         WITH ORDINALITY AS e(aggregate_type, aggregate_id, sequence, event_id, event_type, event_version, payload, metadata, place);
    INSERT INTO log_groups (last_position, first_position, recorded_at, group_id, digest, hash)
    VALUES (expected_position + size, expected_position + 1, new_recorded_at, new_group_id, new_digest, new_hash);
    IF cardinality(keys) > 0 THEN
        INSERT INTO idempotency_keys (key, fingerprint, status, resource, position)
        SELECT * FROM unnest(keys, key_fingerprints, key_statuses, key_resources, key_positions);
    END IF;
    RETURN 'appended';
END
$$;

-- Takes the log's lock for the rest of the transaction and answers, with a snapshot taken after that, the head and
-- the events after a head that the caller knew. Where more than at_most were missed, or where the log is not the one
-- that the caller knew, it answers the head alone: the caller forgets what it knew. Always at least one row.
CREATE FUNCTION lock_and_missed(after_position bigint, after_hash bytea, at_most bigint)
    RETURNS TABLE (head_position bigint, head_hash bytea, head_recorded_at timestamptz,
                   "position" bigint, recorded_at timestamptz, event_id uuid, sequence bigint, aggregate_type text,
                   aggregate_id text, event_type text, event_version text, payload json, metadata json)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = public, pg_temp
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(log_lock_key());
    RETURN QUERY
        SELECT coalesce(h.position, 0), coalesce(h.hash, decode(repeat('00', 32), 'hex')), h.recorded_at,
               e.position, e.recorded_at, e.event_id, e.sequence, e.aggregate_type,
               e.aggregate_id, e.event_type, e.event_version, e.payload, e.metadata
        FROM (SELECT) AS one
        LEFT JOIN log_head h ON true
        LEFT JOIN events e ON e.position > after_position AND h.position - after_position <= at_most
             AND (after_position = 0
                  OR EXISTS (SELECT FROM log_groups g WHERE g.last_position = after_position AND g.hash = after_hash))
        ORDER BY e.position;
END
$$;

REVOKE ALL ON FUNCTION append_group, lock_and_missed FROM PUBLIC;
GRANT EXECUTE ON FUNCTION append_group, lock_and_missed TO daybook_app;
GRANT SELECT ON events, log_groups, log_head, idempotency_keys TO daybook_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON stream_snapshots, checkpoints TO daybook_app;

-- At 3,000 appends a second 200 million transaction ids are gone in 18 hours. Rows are never updated, so vacuum about
-- every million of them and freeze at once: the anti-wraparound vacuum then finds nothing left to do.
ALTER TABLE events SET (
    autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 1000000,
    autovacuum_freeze_min_age = 0, autovacuum_analyze_scale_factor = 0.05);
ALTER TABLE log_groups SET (
    autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 1000000,
    autovacuum_freeze_min_age = 0);
