-- Refunds of the simulated gateway that went back and come back a little later, as the customer's card asks for.

ALTER TABLE simulator_refunds
    ADD COLUMN fails_at timestamptz; -- from when on it has failed; nothing where it doesn't
