-- +goose Up
-- What an OpenID provider said of who opened a session, as JSON, empty for one that was opened otherwise; sid is the provider's name of its own
-- session, by which it ends ours.
ALTER TABLE credentials ADD COLUMN assertion TEXT NOT NULL DEFAULT '';
ALTER TABLE credentials ADD COLUMN sid TEXT NOT NULL DEFAULT '';
CREATE INDEX credentials_sid ON credentials (sid) WHERE sid <> '';

-- Who a subject of an issuer is here. A name may come to mean somebody else at the provider; a subject does not.
CREATE TABLE subjects (
  issuer TEXT NOT NULL,
  subject TEXT NOT NULL,
  principal BIGINT NOT NULL,
  since BIGINT NOT NULL,
  PRIMARY KEY (issuer, subject)
) /* clustered */;
CREATE UNIQUE INDEX subjects_principal ON subjects (principal, issuer);

-- What counts once and was used (the state of a sign-in, a token for signing out), by its hash, until it would not count anyway.
CREATE TABLE used_proofs (
  hash BYTEA PRIMARY KEY,
  until BIGINT NOT NULL
);
CREATE INDEX used_proofs_until ON used_proofs (until);

-- +goose Down
DROP TABLE used_proofs;
DROP TABLE subjects;
DROP INDEX credentials_sid;
ALTER TABLE credentials DROP COLUMN sid;
ALTER TABLE credentials DROP COLUMN assertion;
