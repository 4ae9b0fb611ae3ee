-- +goose Up
-- The texts of roles and policies, each whole; the last version holds. names binds the principals and objects that a text names to ids, as JSON.
CREATE TABLE policy_versions (
  version BIGINT PRIMARY KEY,
  text TEXT NOT NULL,
  names TEXT NOT NULL,
  author BIGINT NOT NULL,
  reason TEXT NOT NULL,
  at BIGINT NOT NULL
);

-- The roles that a session assumed, separated by spaces.
ALTER TABLE credentials ADD COLUMN roles TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE credentials DROP COLUMN roles;
DROP TABLE policy_versions;
