-- +goose Up
-- Whose word each user, group and membership is (identity.Source). held: an administrator has made somebody inactive whom his source would have
-- active. revision counts the changes, for ETags. looks is the name as people see it: two users must not differ in case or Unicode form only.
ALTER TABLE principals ADD COLUMN source TEXT NOT NULL DEFAULT 'manual';
ALTER TABLE principals ADD COLUMN held BIGINT NOT NULL DEFAULT 0;
ALTER TABLE principals ADD COLUMN directory TEXT NOT NULL DEFAULT '';
ALTER TABLE principals ADD COLUMN revision BIGINT NOT NULL DEFAULT 1;
ALTER TABLE principals ADD COLUMN looks TEXT NOT NULL DEFAULT '';
UPDATE principals SET looks = name_key WHERE kind <> 3;
CREATE INDEX principals_looks ON principals (looks) WHERE looks <> '';
ALTER TABLE memberships ADD COLUMN source TEXT NOT NULL DEFAULT 'manual';

-- The directories that provision, each as a service principal of its own.
CREATE TABLE directories (
  name TEXT PRIMARY KEY,
  principal BIGINT NOT NULL,
  adopts BIGINT NOT NULL,
  created BIGINT NOT NULL
);

-- What one source wanted of something that another owns. team is the group of a membership, 0 where an attribute is meant.
CREATE TABLE conflicts (
  id BIGINT PRIMARY KEY,
  principal BIGINT NOT NULL,
  team BIGINT NOT NULL,
  attribute TEXT NOT NULL,
  writer TEXT NOT NULL,
  owner TEXT NOT NULL,
  wish TEXT NOT NULL,
  first_seen BIGINT NOT NULL,
  last_seen BIGINT NOT NULL,
  times BIGINT NOT NULL,
  state TEXT NOT NULL,
  resolved BIGINT NOT NULL,
  resolver BIGINT NOT NULL,
  reason TEXT NOT NULL
);
CREATE UNIQUE INDEX conflicts_about ON conflicts (principal, team, attribute, writer);
CREATE INDEX conflicts_team ON conflicts (team);
CREATE INDEX conflicts_state ON conflicts (state, last_seen);

-- +goose Down
DROP TABLE conflicts;
DROP TABLE directories;
ALTER TABLE memberships DROP COLUMN source;
DROP INDEX principals_looks;
ALTER TABLE principals DROP COLUMN looks;
ALTER TABLE principals DROP COLUMN revision;
ALTER TABLE principals DROP COLUMN directory;
ALTER TABLE principals DROP COLUMN held;
ALTER TABLE principals DROP COLUMN source;
