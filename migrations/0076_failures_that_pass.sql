-- Whether a consumer that stands still goes on by itself once what feeds it can be reached again: then who reads what it has
-- written so far is well served meanwhile, and no process is taken off a balancer for it.
ALTER TABLE consumer_failures ADD COLUMN passes boolean NOT NULL DEFAULT false;
