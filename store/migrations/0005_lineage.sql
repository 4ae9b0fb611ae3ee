-- +goose Up
-- Where things come from (package lineage): an edge leads from what was made (src) to what it was made of (dst). Kinds and relations are
-- lineage's numbers. An object is the governed one that decides who may see the end, known here for when the end itself is gone; 0 for what
-- is only claimed. detail is JSON, a list of pairs, or empty. What a run or a logged model is in stands here only when a version came
-- from it: then its edges outlive it (store/lineage.go).
CREATE TABLE lineage (
  src_kind BIGINT NOT NULL,
  src TEXT NOT NULL,
  relation BIGINT NOT NULL,
  dst_kind BIGINT NOT NULL,
  dst TEXT NOT NULL,
  src_object BIGINT NOT NULL,
  dst_object BIGINT NOT NULL,
  at BIGINT NOT NULL,
  detail TEXT NOT NULL,
  PRIMARY KEY (src_kind, src, relation, dst_kind, dst)
) /* clustered */;
CREATE INDEX lineage_down ON lineage (dst_kind, dst, src_kind, src_object, at);

-- Datasets are asked for by name or digest, whatever experiment they are known in.
CREATE INDEX datasets_name ON datasets (name);
CREATE INDEX datasets_digest ON datasets (digest);

-- What was written before there were edges, without details: a digest with a slash or a percent sign in it is no client's.
INSERT INTO lineage SELECT 3, i.run, 5, 5, r.experiment || '/' || REPLACE(REPLACE(i.digest, '%', '%25'), '/', '%2F') || '/' || i.name,
  r.experiment, r.experiment, r.started, '' FROM run_inputs i JOIN runs r ON r.id = i.run;
INSERT INTO lineage SELECT 2, m.id, 3, 3, r.id, m.experiment, r.experiment, m.created, '' FROM logged_models m JOIN runs r ON r.id = m.run;
INSERT INTO lineage SELECT 2, m.id, 3, 3, r.id, m.experiment, r.experiment, m.created, ''
  FROM run_models l JOIN runs r ON r.id = l.run JOIN logged_models m ON m.id = l.model WHERE l.side = 'output' AND m.run <> l.run;
INSERT INTO lineage SELECT 3, r.id, 5, 2, m.id, r.experiment, m.experiment, r.started, ''
  FROM run_models l JOIN runs r ON r.id = l.run JOIN logged_models m ON m.id = l.model WHERE l.side = 'input';
INSERT INTO lineage SELECT 3, r.id, 6, 8, t.value, r.experiment, 0, r.started, ''
  FROM tags t JOIN runs r ON r.id = t.run WHERE t.key = 'mlflow.source.git.commit' AND t.value <> '' AND LENGTH(t.value) <= 512;
INSERT INTO lineage SELECT 3, r.id, 6, 6, t.value, r.experiment, 0, r.started, ''
  FROM tags t JOIN runs r ON r.id = t.run WHERE t.key = 'mlflow.databricks.notebookID' AND t.value <> '' AND LENGTH(t.value) <= 512;
INSERT INTO lineage SELECT 3, r.id, 6, 7, t.value, r.experiment, 0, r.started, ''
  FROM tags t JOIN runs r ON r.id = t.run WHERE t.key = 'mlflow.databricks.jobID' AND t.value <> '' AND LENGTH(t.value) <= 512;
INSERT INTO lineage SELECT 3, r.id, 6, 9, t.value, r.experiment, 0, r.started, ''
  FROM tags t JOIN runs r ON r.id = t.run WHERE t.key = 'mlflow.source.name' AND t.value NOT LIKE '%://%'
  AND t.value <> '' AND LENGTH(t.value) <= 512;

-- +goose Down
DROP INDEX datasets_digest;
DROP INDEX datasets_name;
DROP TABLE lineage;
