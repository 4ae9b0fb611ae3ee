-- +goose Up
-- One text for both engines: BYTEA, BIGINT and TEXT mean the same in SQLite's affinities; dialect.go adds WITHOUT ROWID where a table is
-- marked clustered. Times are milliseconds since 1970 unless said otherwise; booleans are 0 and 1. A stamp orders transactions: what
-- carries a lower stamp than the horizon is finished (store/dialect.go).

CREATE TABLE governance (
  one BIGINT PRIMARY KEY,
  version BIGINT NOT NULL,
  workspace BIGINT NOT NULL,
  made BIGINT NOT NULL,
  -- added to PostgreSQL's transaction numbers to give stamps: a cluster that a dump is restored into counts from the beginning again
  base BIGINT NOT NULL DEFAULT 0
);

-- Secrets of this installation: the key of token hashes, of page tokens and signed addresses, and the ledger's signing key.
CREATE TABLE keys (
  name TEXT PRIMARY KEY,
  value BYTEA NOT NULL
);

CREATE TABLE settings (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

CREATE TABLE principals (
  id BIGINT PRIMARY KEY,
  kind BIGINT NOT NULL,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  shown TEXT NOT NULL,
  active BIGINT NOT NULL,
  external_id TEXT NOT NULL DEFAULT '',
  attributes TEXT NOT NULL DEFAULT '',
  created BIGINT NOT NULL,
  updated BIGINT NOT NULL
);
CREATE UNIQUE INDEX principals_name ON principals (kind, name_key);
CREATE INDEX principals_external ON principals (external_id);

CREATE TABLE memberships (
  member BIGINT NOT NULL,
  parent BIGINT NOT NULL,
  PRIMARY KEY (member, parent)
);
CREATE INDEX memberships_parent ON memberships (parent, member);

CREATE TABLE credentials (
  id TEXT PRIMARY KEY,
  principal BIGINT NOT NULL,
  hash BYTEA NOT NULL,
  scopes TEXT NOT NULL,
  created BIGINT NOT NULL,
  expires BIGINT NOT NULL,
  created_by BIGINT NOT NULL,
  comment TEXT NOT NULL
);
CREATE UNIQUE INDEX credentials_hash ON credentials (hash);
CREATE INDEX credentials_principal ON credentials (principal);

CREATE TABLE credential_uses (
  id TEXT PRIMARY KEY,
  used BIGINT NOT NULL,
  source TEXT NOT NULL
);

CREATE TABLE login_links (
  hash BYTEA PRIMARY KEY,
  principal BIGINT NOT NULL,
  expires BIGINT NOT NULL,
  used BIGINT NOT NULL
);

CREATE TABLE objects (
  id BIGINT PRIMARY KEY,
  kind TEXT NOT NULL,
  parent BIGINT NOT NULL,
  name TEXT NOT NULL,
  creator BIGINT NOT NULL,
  creator_manages BIGINT NOT NULL,
  home BIGINT NOT NULL,
  trashed BIGINT NOT NULL,
  created_open BIGINT NOT NULL,
  created BIGINT NOT NULL,
  updated BIGINT NOT NULL
);
CREATE INDEX objects_parent ON objects (parent, name);

CREATE TABLE entries (
  object BIGINT NOT NULL,
  principal BIGINT NOT NULL,
  level TEXT NOT NULL,
  PRIMARY KEY (object, principal)
);
CREATE INDEX entries_principal ON entries (principal);

-- The ledger. Within a workspace, (stamp, id) is the order of the leaves; body is the canonical text that is hashed and exported.
CREATE TABLE ledger (
  stamp BIGINT NOT NULL,
  id BIGINT NOT NULL,
  version BIGINT,
  at BIGINT NOT NULL,
  class TEXT NOT NULL,
  actor BIGINT NOT NULL,
  object BIGINT NOT NULL,
  action TEXT NOT NULL,
  body BYTEA NOT NULL,
  PRIMARY KEY (stamp, id)
) /* clustered */;
CREATE UNIQUE INDEX ledger_version ON ledger (version) WHERE version IS NOT NULL;
CREATE INDEX ledger_actor ON ledger (actor, stamp, id);
CREATE INDEX ledger_object ON ledger (object, stamp, id);

-- One row a sealed batch: leaves [first, first+count), the packed hashes of the tree they add, the checkpoint signed after them.
CREATE TABLE seals (
  first BIGINT PRIMARY KEY,
  count BIGINT NOT NULL,
  upto BIGINT NOT NULL,
  at BIGINT NOT NULL,
  ids BYTEA NOT NULL,
  hashes BYTEA NOT NULL,
  checkpoint TEXT NOT NULL
);

-- Counted activity (audit class B) of minutes that are not over; a finished minute becomes an entry of the ledger.
CREATE TABLE tallies (
  minute BIGINT NOT NULL,
  key TEXT NOT NULL,
  shard BIGINT NOT NULL,
  n BIGINT NOT NULL,
  first BIGINT NOT NULL,
  last BIGINT NOT NULL,
  sample BYTEA NOT NULL,
  PRIMARY KEY (minute, key, shard)
) /* clustered */;

-- +goose Down
DROP TABLE tallies;
DROP TABLE seals;
DROP TABLE ledger;
DROP TABLE entries;
DROP TABLE objects;
DROP TABLE login_links;
DROP TABLE credential_uses;
DROP TABLE credentials;
DROP TABLE memberships;
DROP TABLE principals;
DROP TABLE settings;
DROP TABLE keys;
DROP TABLE governance;
