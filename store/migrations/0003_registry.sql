-- +goose Up
-- Registered models. A model's name is the governed object's; what is said of a version is said of its model in the access map.

-- next is the number of the next version: one that was deleted is not used again. two_persons is registry.Choice.
CREATE TABLE registered_models (
  object BIGINT PRIMARY KEY,
  description TEXT NOT NULL,
  next BIGINT NOT NULL,
  two_persons BIGINT NOT NULL,
  created BIGINT NOT NULL,
  updated BIGINT NOT NULL,
  changed BIGINT NOT NULL
);
CREATE INDEX registered_models_changed ON registered_models (changed);

CREATE TABLE registered_model_tags (
  model BIGINT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (model, key)
) /* clustered */;

CREATE TABLE registered_model_aliases (
  model BIGINT NOT NULL,
  alias TEXT NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (model, alias)
) /* clustered */;

-- stage and status hold MLflow's numbers. digest is of the manifest, empty while the version is pending and of prompts; changed is the stamp
-- of the last transaction that touched the version, its tags or its aliases.
CREATE TABLE model_versions (
  model BIGINT NOT NULL,
  version BIGINT NOT NULL,
  description TEXT NOT NULL,
  creator BIGINT NOT NULL,
  user_name TEXT NOT NULL,
  source TEXT NOT NULL,
  run TEXT NOT NULL,
  run_link TEXT NOT NULL,
  logged_model TEXT NOT NULL,
  experiment BIGINT NOT NULL,
  stage BIGINT NOT NULL,
  status BIGINT NOT NULL,
  status_text TEXT NOT NULL,
  digest BYTEA NOT NULL,
  size BIGINT NOT NULL,
  files BIGINT NOT NULL,
  created BIGINT NOT NULL,
  updated BIGINT NOT NULL,
  changed BIGINT NOT NULL,
  PRIMARY KEY (model, version)
);
CREATE INDEX model_versions_changed ON model_versions (changed);
CREATE INDEX model_versions_logged_model ON model_versions (logged_model) WHERE logged_model <> '';
-- stage 2 is Production: what such versions come from is not purged
CREATE INDEX model_versions_run ON model_versions (run) WHERE stage = 2;
CREATE INDEX model_versions_experiment ON model_versions (experiment) WHERE stage = 2;

CREATE TABLE model_version_tags (
  model BIGINT NOT NULL,
  version BIGINT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (model, version, key)
) /* clustered */;

-- What a version consists of, named by the sha256 of its text: one line a file, as `sha256sum` writes them, ordered by path. Never changed.
-- sizes are the files' in their order, as unsigned varints.
CREATE TABLE manifests (
  digest BYTEA PRIMARY KEY,
  files BIGINT NOT NULL,
  size BIGINT NOT NULL,
  body BYTEA NOT NULL,
  sizes BYTEA NOT NULL
);

-- Versions whose bytes lie elsewhere and are still being copied. held is when a worker last showed that it is at it (ms), tries how often one
-- began.
CREATE TABLE version_copies (
  model BIGINT NOT NULL,
  version BIGINT NOT NULL,
  source TEXT NOT NULL,
  held BIGINT NOT NULL,
  tries BIGINT NOT NULL,
  PRIMARY KEY (model, version)
);

-- A pending request is unique per version, stage and creator. digest and checks are what the version had when it was made: what is approved
-- is that.
CREATE TABLE transition_requests (
  model BIGINT NOT NULL,
  version BIGINT NOT NULL,
  stage BIGINT NOT NULL,
  creator BIGINT NOT NULL,
  user_name TEXT NOT NULL,
  id TEXT NOT NULL,
  comment TEXT NOT NULL,
  digest BYTEA NOT NULL,
  checks BYTEA NOT NULL,
  created BIGINT NOT NULL,
  PRIMARY KEY (model, version, stage, creator)
);

-- What was done with a version, newest last. kind is registry.ActivityKind; from_stage and to_stage hold MLflow's numbers.
CREATE TABLE activities (
  model BIGINT NOT NULL,
  version BIGINT NOT NULL,
  at BIGINT NOT NULL,
  id TEXT NOT NULL,
  kind TEXT NOT NULL,
  actor BIGINT NOT NULL,
  user_name TEXT NOT NULL,
  from_stage BIGINT NOT NULL,
  to_stage BIGINT NOT NULL,
  comment TEXT NOT NULL,
  system_comment TEXT NOT NULL,
  PRIMARY KEY (model, version, at, id)
);

CREATE TABLE comments (
  id TEXT PRIMARY KEY,
  model BIGINT NOT NULL,
  version BIGINT NOT NULL,
  creator BIGINT NOT NULL,
  user_name TEXT NOT NULL,
  comment TEXT NOT NULL,
  created BIGINT NOT NULL,
  updated BIGINT NOT NULL
);
CREATE INDEX comments_version ON comments (model, version, created);

-- What CI said of a version's bytes: state is registry.CheckState, digest the version's that was checked.
CREATE TABLE version_checks (
  model BIGINT NOT NULL,
  version BIGINT NOT NULL,
  name TEXT NOT NULL,
  state TEXT NOT NULL,
  url TEXT NOT NULL,
  digest BYTEA NOT NULL,
  actor BIGINT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (model, version, name)
);

-- Checks that a version must have passed before it comes into a stage of its model.
CREATE TABLE required_checks (
  model BIGINT NOT NULL,
  stage BIGINT NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (model, stage, name)
);

-- Tags that must be given at creation: of experiments at or below a folder, of registered models where object is the registry's root.
-- allowed has one value a line; empty means any that is not empty. asked_by is who asked for it.
CREATE TABLE required_tags (
  object BIGINT NOT NULL,
  key TEXT NOT NULL,
  allowed TEXT NOT NULL,
  asked_by BIGINT NOT NULL,
  PRIMARY KEY (object, key)
);

-- Who answers for a model or an experiment; without a row it is the creator, and nothing is said of the rest.
CREATE TABLE stewardship (
  object BIGINT PRIMARY KEY,
  owner BIGINT NOT NULL,
  contact TEXT NOT NULL,
  tier TEXT NOT NULL,
  lifecycle TEXT NOT NULL
);

-- +goose Down
DROP TABLE stewardship;
DROP TABLE required_tags;
DROP TABLE required_checks;
DROP TABLE version_checks;
DROP TABLE comments;
DROP TABLE activities;
DROP TABLE transition_requests;
DROP TABLE version_copies;
DROP TABLE manifests;
DROP TABLE model_version_tags;
DROP TABLE model_versions;
DROP TABLE registered_model_aliases;
DROP TABLE registered_model_tags;
DROP TABLE registered_models;
