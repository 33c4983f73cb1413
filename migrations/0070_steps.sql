-- The beginning of a step of a read model in one message: the checkpoint moves on from where the step begins, which also locks
-- it, and the pointer and whether anything is parked are read after that, in a statement that sees what was committed up to
-- then. Nothing where the checkpoint is elsewhere.
CREATE FUNCTION take_step(
    step_of text, from_position bigint, from_hash bytea, to_position bigint, to_hash bytea,
    model text, model_version integer,
    OUT live_generation integer, OUT any_parked boolean)
    LANGUAGE plpgsql VOLATILE
AS $$
BEGIN
    UPDATE checkpoints SET position = to_position, hash = to_hash, updated_at = now()
    WHERE name = step_of AND position = from_position AND hash = from_hash;
    IF FOUND THEN
        SELECT (SELECT generation FROM read_models WHERE name = model AND version = model_version),
               EXISTS (SELECT FROM parked WHERE consumer = step_of)
        INTO live_generation, any_parked;
    END IF;
END
$$;

REVOKE ALL ON FUNCTION take_step FROM PUBLIC;
GRANT EXECUTE ON FUNCTION take_step TO daybook_app;
