-- +goose Up
-- Uploads that are under way. form is store.UploadForm. parts is how many the client declared, 0 when it did not say. touched is the last sign
-- of life; done is when it became an artifact, 0 before that: the row stays a while, so that a client that asks again is told the same. digest
-- and size are what it became. staging and session are the blob store's names of an upload whose parts go to the object store itself.
CREATE TABLE uploads (
  id TEXT PRIMARY KEY,
  form BIGINT NOT NULL,
  owner TEXT NOT NULL,
  path BYTEA NOT NULL,
  experiment BIGINT NOT NULL,
  writer BIGINT NOT NULL,
  parts BIGINT NOT NULL,
  over BIGINT NOT NULL,
  created BIGINT NOT NULL,
  touched BIGINT NOT NULL,
  done BIGINT NOT NULL,
  digest BYTEA NOT NULL,
  size BIGINT NOT NULL,
  staging TEXT NOT NULL,
  session TEXT NOT NULL
);
CREATE INDEX uploads_owner ON uploads (owner, path);
CREATE INDEX uploads_touched ON uploads (touched);

-- The parts that have come, each bytes of their own in the blob store.
CREATE TABLE upload_parts (
  upload TEXT NOT NULL,
  part BIGINT NOT NULL,
  digest BYTEA NOT NULL,
  size BIGINT NOT NULL,
  PRIMARY KEY (upload, part)
) /* clustered */;

-- +goose Down
DROP TABLE upload_parts;
DROP TABLE uploads;
