-- A version of a read model is what its rows are like. Each that is in use has a row of its own here, with the generation
-- of tables that is live for the builds that know this version: so a new one is built, and read, beside the old one.
ALTER TABLE read_models ADD COLUMN version integer NOT NULL DEFAULT 1 CHECK (version > 0);
ALTER TABLE read_models DROP CONSTRAINT read_models_pkey;
ALTER TABLE read_models ADD PRIMARY KEY (name, version);
ALTER TABLE read_models ALTER COLUMN generation DROP NOT NULL; -- none until a version is built for the first time
