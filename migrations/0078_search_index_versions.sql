-- Which version of the index each one is: a new build's is made and fed beside the old build's.

ALTER TABLE search_indexes ADD COLUMN version integer; -- none of one that a build of before version 5 feeds
