-- +goose Up
-- What a credential is where it is neither a token nor a session: a client secret, a grant, an exchange.
ALTER TABLE credentials ADD COLUMN kind TEXT NOT NULL DEFAULT '';

-- Keys that access tokens are signed with, sealed. Which of them count is a setting in the access map.
CREATE TABLE signing_keys (
  id TEXT PRIMARY KEY,
  sealed BYTEA NOT NULL,
  made BIGINT NOT NULL
);

-- Codes of user logins, by their hash. credential is the grant that the code became, empty before.
CREATE TABLE oauth_codes (
  hash BYTEA PRIMARY KEY,
  body TEXT NOT NULL,
  until BIGINT NOT NULL,
  credential TEXT NOT NULL DEFAULT ''
);
CREATE INDEX oauth_codes_until ON oauth_codes (until);

-- Refresh tokens by their hash, the used ones too as long as their grant lasts: by them reuse is seen.
CREATE TABLE refresh_tokens (
  hash BYTEA PRIMARY KEY,
  credential TEXT NOT NULL,
  client TEXT NOT NULL,
  made BIGINT NOT NULL,
  used BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX refresh_tokens_credential ON refresh_tokens (credential);

-- Which tokens of foreign issuers are taken: for a service principal, or with principal 0 for the users of the account. rule is JSON.
CREATE TABLE federation_policies (
  uid TEXT PRIMARY KEY,
  principal BIGINT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  issuer TEXT NOT NULL,
  rule TEXT NOT NULL,
  made BIGINT NOT NULL,
  changed BIGINT NOT NULL
);
CREATE UNIQUE INDEX federation_policies_name ON federation_policies (principal, name);

-- +goose Down
DROP TABLE federation_policies;
DROP TABLE refresh_tokens;
DROP TABLE oauth_codes;
DROP TABLE signing_keys;
ALTER TABLE credentials DROP COLUMN kind;
