-- +goose Up
-- Secrets. Values are sealed under data keys, data keys are wrapped by key-encryption keys, which are not in this database
-- (docs/adr/0019-secrets.md). A scope's permissions are those of its governed object.
CREATE TABLE secret_scopes (
  object BIGINT PRIMARY KEY,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  created BIGINT NOT NULL
);
CREATE UNIQUE INDEX secret_scopes_name ON secret_scopes (name_key);

CREATE TABLE secrets (
  scope BIGINT NOT NULL,
  name_key TEXT NOT NULL,
  name TEXT NOT NULL,
  newest BIGINT NOT NULL,
  created BIGINT NOT NULL,
  updated BIGINT NOT NULL,
  PRIMARY KEY (scope, name_key)
) /* clustered */;

-- until is when a version stops to hold, 0 = not by itself; closed is when its value was destroyed, 0 = it is there.
CREATE TABLE secret_versions (
  scope BIGINT NOT NULL,
  name_key TEXT NOT NULL,
  version BIGINT NOT NULL,
  created BIGINT NOT NULL,
  created_by BIGINT NOT NULL,
  until BIGINT NOT NULL,
  closed BIGINT NOT NULL,
  data_key BIGINT NOT NULL,
  sealed BYTEA NOT NULL,
  PRIMARY KEY (scope, name_key, version)
);
CREATE INDEX secret_versions_until ON secret_versions (until) WHERE closed = 0 AND until > 0;

-- Who read which version when: one row a credential.
CREATE TABLE secret_reads (
  scope BIGINT NOT NULL,
  name_key TEXT NOT NULL,
  version BIGINT NOT NULL,
  credential TEXT NOT NULL,
  principal BIGINT NOT NULL,
  n BIGINT NOT NULL,
  first BIGINT NOT NULL,
  last BIGINT NOT NULL,
  source TEXT NOT NULL,
  PRIMARY KEY (scope, name_key, version, credential)
) /* clustered */;
CREATE INDEX secret_reads_credential ON secret_reads (credential);

CREATE TABLE data_keys (
  id BIGINT PRIMARY KEY,
  scope BIGINT NOT NULL,
  kek TEXT NOT NULL,
  wrapped BYTEA NOT NULL,
  created BIGINT NOT NULL
);
CREATE INDEX data_keys_scope ON data_keys (scope);
CREATE INDEX data_keys_kek ON data_keys (kek);

-- Key-encryption keys by their ids.
CREATE TABLE keks (
  id TEXT PRIMARY KEY,
  state TEXT NOT NULL,
  since BIGINT NOT NULL
);
CREATE UNIQUE INDEX keks_active ON keks (state) WHERE state = 'active';

-- +goose Down
DROP TABLE keks;
DROP TABLE data_keys;
DROP TABLE secret_reads;
DROP TABLE secret_versions;
DROP TABLE secrets;
DROP TABLE secret_scopes;
