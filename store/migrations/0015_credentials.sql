-- +goose Up
-- What a credential was seen with: a family of the API that it used, a network or a program that it came from, an object, run or logged model that
-- was touched with it. It is gathered in memory and written behind; n counts calls, writes those that changed something. object is the governed
-- object that says who may know of what was seen; 0 = none.
CREATE TABLE credential_sightings (
  credential TEXT NOT NULL,
  kind TEXT NOT NULL,
  what TEXT NOT NULL,
  object BIGINT NOT NULL,
  first BIGINT NOT NULL,
  last BIGINT NOT NULL,
  n BIGINT NOT NULL,
  writes BIGINT NOT NULL,
  PRIMARY KEY (credential, kind, what)
) /* clustered */;

-- Findings that an administrator has accepted, until when (ms since 1970).
CREATE TABLE accepted_findings (
  finding TEXT PRIMARY KEY,
  until BIGINT NOT NULL,
  reason TEXT NOT NULL,
  principal BIGINT NOT NULL,
  at BIGINT NOT NULL
);

-- Notebooks and files whose content is still to be searched for credentials; stamp is that of the transaction which wrote it.
CREATE TABLE unsearched (
  object BIGINT PRIMARY KEY,
  stamp BIGINT NOT NULL
);
INSERT INTO unsearched (object, stamp) SELECT object, 0 FROM items;

-- Where a credential stands in a notebook or file: never the value, only its keyed hash, by which one of our own is known again.
CREATE TABLE hard_coded (
  object BIGINT NOT NULL,
  place TEXT NOT NULL,
  hash BYTEA NOT NULL,
  rule TEXT NOT NULL,
  found BIGINT NOT NULL,
  PRIMARY KEY (object, place, hash)
);

-- +goose Down
DROP TABLE hard_coded;
DROP TABLE unsearched;
DROP TABLE accepted_findings;
DROP TABLE credential_sightings;
