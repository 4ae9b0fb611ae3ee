-- +goose Up
-- What a directory calls the roles of somebody (SCIM), a line each; people who were there before are read again when they are written next.
ALTER TABLE principals ADD COLUMN roles TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE principals DROP COLUMN roles;
