-- +goose Up
-- Who gained and lost what by which change: a row says it of people alike. It is worked out from the ledger's events (authz.Trace), in their order,
-- and can be again: it is no record by itself.
CREATE TABLE access_feed (
  version BIGINT NOT NULL,
  part BIGINT NOT NULL,
  at BIGINT NOT NULL,
  entry BIGINT NOT NULL,
  actor BIGINT NOT NULL,
  actor_name TEXT NOT NULL,
  action TEXT NOT NULL,
  reason TEXT NOT NULL,
  source TEXT NOT NULL,
  object BIGINT NOT NULL,
  kind TEXT NOT NULL,
  request TEXT NOT NULL,
  place TEXT NOT NULL,
  credential TEXT NOT NULL,
  gained BIGINT NOT NULL,
  scopes TEXT NOT NULL,
  before_level TEXT NOT NULL,
  after_level TEXT NOT NULL,
  gains TEXT NOT NULL,
  loses TEXT NOT NULL,
  except_ids TEXT NOT NULL,
  people BIGINT NOT NULL,
  PRIMARY KEY (version, part)
) /* clustered */;
CREATE INDEX access_feed_object ON access_feed (object, version, part);

-- Whom a row is about, with the names that they had then.
CREATE TABLE access_feed_people (
  principal BIGINT NOT NULL,
  version BIGINT NOT NULL,
  part BIGINT NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (principal, version, part)
) /* clustered */;
CREATE INDEX access_feed_people_row ON access_feed_people (version, part);

-- How far it was worked out: all of the governance version, and the first parts of the one after it.
CREATE TABLE access_feed_at (
  one BIGINT PRIMARY KEY,
  version BIGINT NOT NULL,
  parts BIGINT NOT NULL
);
INSERT INTO access_feed_at (one, version, parts) VALUES (1, 0, 0);

-- +goose Down
DROP TABLE access_feed_at;
DROP TABLE access_feed_people;
DROP TABLE access_feed;
