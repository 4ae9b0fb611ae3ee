-- +goose Up
-- What governed objects contain. An id that is also an object's has no foreign key: dropping an object drops its content in batches.

-- Notebooks and files of the workspace tree, as they were imported.
CREATE TABLE items (
  object BIGINT PRIMARY KEY,
  language TEXT NOT NULL,
  format TEXT NOT NULL,
  size BIGINT NOT NULL,
  modified BIGINT NOT NULL,
  content BYTEA NOT NULL
);

-- What was put into the trash by itself, and when; what lies below it is there with it.
CREATE TABLE trash (
  object BIGINT PRIMARY KEY,
  at BIGINT NOT NULL,
  principal BIGINT NOT NULL
);
CREATE INDEX trash_at ON trash (at, object);

-- An experiment's name and place are the governed object's, and it is deleted when that is in the trash. relative: the name was given
-- relative to the folder of relative names. purged is the stamp of the last purge of runs in it.
CREATE TABLE experiments (
  object BIGINT PRIMARY KEY,
  location TEXT NOT NULL,
  relative BIGINT NOT NULL,
  created BIGINT NOT NULL,
  updated BIGINT NOT NULL,
  purged BIGINT NOT NULL,
  changed BIGINT NOT NULL
);
CREATE INDEX experiments_changed ON experiments (changed);

CREATE TABLE experiment_tags (
  experiment BIGINT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (experiment, key)
) /* clustered */;

-- changed is the stamp of the last transaction that touched the run or anything of it: searches refresh by it. lifecycle and status hold
-- MLflow's numbers; deleted is when the run was deleted, ended the least number while it runs.
CREATE TABLE runs (
  id TEXT PRIMARY KEY,
  experiment BIGINT NOT NULL,
  name TEXT NOT NULL,
  owner BIGINT NOT NULL,
  user_name TEXT NOT NULL,
  status BIGINT NOT NULL,
  started BIGINT NOT NULL,
  ended BIGINT NOT NULL,
  lifecycle BIGINT NOT NULL,
  deleted BIGINT NOT NULL,
  changed BIGINT NOT NULL
) /* clustered */;
CREATE INDEX runs_changed ON runs (experiment, changed);

CREATE TABLE params (
  run TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (run, key)
) /* clustered */;

CREATE TABLE tags (
  run TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (run, key)
) /* clustered */;

-- value is the float's bits in an order-preserving form, so that NaN and the infinities survive both engines (store/metrics.go).
CREATE TABLE latest (
  run TEXT NOT NULL,
  key TEXT NOT NULL,
  value BIGINT NOT NULL,
  at BIGINT NOT NULL,
  step BIGINT NOT NULL,
  model TEXT NOT NULL,
  dataset TEXT NOT NULL,
  digest TEXT NOT NULL,
  PRIMARY KEY (run, key)
) /* clustered */;

-- Metric points are appended as chunks, one a key and request, and merged by the worker (docs/adr). Not clustered: SQLite would give each
-- chunk above 1,000 bytes a page of its own.
CREATE TABLE points (
  run TEXT NOT NULL,
  key TEXT NOT NULL,
  seq BIGINT NOT NULL,
  n BIGINT NOT NULL,
  data BYTEA NOT NULL,
  PRIMARY KEY (run, key, seq)
);

CREATE TABLE datasets (
  experiment BIGINT NOT NULL,
  name TEXT NOT NULL,
  digest TEXT NOT NULL,
  source_type TEXT NOT NULL,
  source TEXT NOT NULL,
  schema_text TEXT NOT NULL,
  profile TEXT NOT NULL,
  PRIMARY KEY (experiment, name, digest)
);

CREATE TABLE run_inputs (
  run TEXT NOT NULL,
  name TEXT NOT NULL,
  digest TEXT NOT NULL,
  tags TEXT NOT NULL,
  PRIMARY KEY (run, name, digest)
) /* clustered */;

-- Links of runs to logged models: side is "input" or "output".
CREATE TABLE run_models (
  run TEXT NOT NULL,
  side TEXT NOT NULL,
  model TEXT NOT NULL,
  step BIGINT NOT NULL,
  PRIMARY KEY (run, side, model)
) /* clustered */;

CREATE TABLE logged_models (
  id TEXT PRIMARY KEY,
  experiment BIGINT NOT NULL,
  run TEXT NOT NULL,
  name TEXT NOT NULL,
  model_type TEXT NOT NULL,
  status BIGINT NOT NULL,
  message TEXT NOT NULL,
  owner BIGINT NOT NULL,
  created BIGINT NOT NULL,
  updated BIGINT NOT NULL,
  deleted BIGINT NOT NULL,
  changed BIGINT NOT NULL
);
CREATE INDEX logged_models_changed ON logged_models (experiment, changed);

CREATE TABLE logged_model_params (
  model TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (model, key)
) /* clustered */;

CREATE TABLE logged_model_tags (
  model TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (model, key)
) /* clustered */;

CREATE TABLE logged_model_metrics (
  model TEXT NOT NULL,
  key TEXT NOT NULL,
  run TEXT NOT NULL,
  dataset TEXT NOT NULL,
  digest TEXT NOT NULL,
  value BIGINT NOT NULL,
  at BIGINT NOT NULL,
  step BIGINT NOT NULL,
  PRIMARY KEY (model, key, run, dataset, digest)
) /* clustered */;

-- owner is a run id, a logged model id or "exp/<experiment>"; path is relative, clean and UTF-8, kept as bytes so that both engines order it
-- byte by byte; what was uploaded is in the blob store.
CREATE TABLE artifacts (
  owner TEXT NOT NULL,
  path BYTEA NOT NULL,
  experiment BIGINT NOT NULL,
  digest BYTEA NOT NULL,
  size BIGINT NOT NULL,
  written BIGINT NOT NULL,
  writer BIGINT NOT NULL,
  PRIMARY KEY (owner, path)
) /* clustered */;
CREATE INDEX artifacts_digest ON artifacts (digest);

-- +goose Down
DROP TABLE artifacts;
DROP TABLE logged_model_metrics;
DROP TABLE logged_model_tags;
DROP TABLE logged_model_params;
DROP TABLE logged_models;
DROP TABLE run_models;
DROP TABLE run_inputs;
DROP TABLE datasets;
DROP TABLE points;
DROP TABLE latest;
DROP TABLE tags;
DROP TABLE params;
DROP TABLE runs;
DROP TABLE experiment_tags;
DROP TABLE experiments;
DROP TABLE trash;
DROP TABLE items;
