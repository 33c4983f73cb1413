-- What is swept by its age is found by it.
CREATE INDEX messages_done ON messages (created_at) WHERE status <> 'queued';
CREATE INDEX password_resets_expired ON password_resets (expires_at);
