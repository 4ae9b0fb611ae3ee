-- +goose Up
-- The IP access lists; addresses are one a line, as they were given.
CREATE TABLE address_lists (
  id TEXT PRIMARY KEY,
  label TEXT NOT NULL,
  type TEXT NOT NULL,
  addresses TEXT NOT NULL,
  enabled BIGINT NOT NULL,
  created BIGINT NOT NULL,
  created_by BIGINT NOT NULL,
  updated BIGINT NOT NULL,
  updated_by BIGINT NOT NULL
);

-- Which end of an unused token was announced when, and how many days ahead, so that nobody is told twice.
CREATE TABLE token_notices (
  id TEXT NOT NULL,
  until BIGINT NOT NULL,
  days BIGINT NOT NULL,
  told BIGINT NOT NULL,
  PRIMARY KEY (id, until, days)
) /* clustered */;

-- +goose Down
DROP TABLE token_notices;
DROP TABLE address_lists;
