-- The beginning of a step over records of Kafka's partitions in one message, as `take_step` is of one over the log: the partitions'
-- rows are locked, in the order in which everybody locks them, and after that, in a statement that sees what was committed up
-- to then, it is read where they stand, whether the generation is live, and whether anything is parked. They move on where the
-- generation is live and each has come to where its records begin, or farther; else nothing is said of where they stood.
CREATE FUNCTION take_runs(
    step_of text, topics text[], partitions integer[], begins bigint[], ends bigint[], last_positions bigint[],
    model text, model_version integer, model_generation integer,
    OUT is_live boolean, OUT any_parked boolean, OUT next_offsets bigint[], OUT positions bigint[])
    LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    no_gap boolean;
BEGIN
    PERFORM FROM partition_offsets o
    WHERE o.consumer = step_of AND (o.topic, o.partition) IN (SELECT * FROM unnest(topics, partitions))
    ORDER BY o.topic, o.partition FOR UPDATE;

    SELECT EXISTS (SELECT FROM read_models m
                   WHERE m.name = model AND m.version = model_version AND m.generation = model_generation),
           EXISTS (SELECT FROM parked p WHERE p.consumer = step_of),
           bool_and(coalesce(run.begins_at <= o.next_offset, false)),
           array_agg(o.next_offset ORDER BY run.place),
           array_agg(o.position ORDER BY run.place)
    INTO is_live, any_parked, no_gap, next_offsets, positions
    FROM unnest(topics, partitions, begins) WITH ORDINALITY AS run(of_topic, of_partition, begins_at, place)
    LEFT JOIN partition_offsets o
        ON o.consumer = step_of AND o.topic = run.of_topic AND o.partition = run.of_partition;

    IF is_live AND no_gap THEN
        UPDATE partition_offsets o
        SET next_offset = run.ends_at, position = greatest(o.position, run.last_position), updated_at = now()
        FROM unnest(topics, partitions, ends, last_positions) AS run(of_topic, of_partition, ends_at, last_position)
        WHERE o.consumer = step_of AND o.topic = run.of_topic AND o.partition = run.of_partition
          AND o.next_offset < run.ends_at;
    ELSE
        next_offsets := NULL;
        positions := NULL;
    END IF;
END
$$;

REVOKE ALL ON FUNCTION take_runs FROM PUBLIC;
GRANT EXECUTE ON FUNCTION take_runs TO daybook_app;
