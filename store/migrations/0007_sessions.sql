-- +goose Up
-- Sessions of browsers are credentials, too: session is 1 for one, origin is the token that it was opened with, empty for a sign-in link.
ALTER TABLE credentials ADD COLUMN session BIGINT NOT NULL DEFAULT 0;
ALTER TABLE credentials ADD COLUMN origin TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE credentials DROP COLUMN origin;
ALTER TABLE credentials DROP COLUMN session;
