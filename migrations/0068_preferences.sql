-- What a client keeps for itself is given back as it was written: jsonb writes numbers out, and one as small as 1e-220 or as
-- large as 1e300 then has more digits than are read again.
ALTER TABLE users ALTER COLUMN preferences DROP DEFAULT;
ALTER TABLE users ALTER COLUMN preferences TYPE json USING preferences::json;
ALTER TABLE users ALTER COLUMN preferences SET DEFAULT '{}';
