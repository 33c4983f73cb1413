-- A sum of bigint that stays one: `sum(bigint)` is numeric, which costs a report of a day with a thousand products a quarter of
-- its time. What is beyond a bigint is refused, as a cast of the numeric refuses it.
CREATE AGGREGATE sum_bigint(bigint) (SFUNC = int8pl, STYPE = bigint, COMBINEFUNC = int8pl, PARALLEL = SAFE);
