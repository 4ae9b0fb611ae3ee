-- +goose Up
-- What is rotated on schedule (docs/rotation.md). body is a rotation.Plan as JSON; the other columns are for looking up. lease and claim are of the
-- replica that is at work on it.
CREATE TABLE rotation_plans (
  id TEXT PRIMARY KEY,
  scope BIGINT NOT NULL,
  principal BIGINT NOT NULL,
  kind TEXT NOT NULL,
  name_key TEXT NOT NULL,
  body TEXT NOT NULL,
  due BIGINT NOT NULL,
  lease BIGINT NOT NULL,
  claim BIGINT NOT NULL
);
CREATE UNIQUE INDEX rotation_plans_of ON rotation_plans (kind, scope, name_key);
CREATE INDEX rotation_plans_due ON rotation_plans (due);

-- body is a rotation.Rotation as JSON; staged the new value between its making and the switch, sealed under the scope's data key staged_key.
CREATE TABLE rotations (
  id TEXT PRIMARY KEY,
  plan TEXT NOT NULL,
  started BIGINT NOT NULL,
  body TEXT NOT NULL,
  staged BYTEA NOT NULL,
  staged_key BIGINT NOT NULL
);
CREATE INDEX rotations_plan ON rotations (plan, started);

-- Who was told of which end, so that each is told once. subject is "plan ID" or "credential ID".
CREATE TABLE rotation_notices (
  subject TEXT NOT NULL,
  ends BIGINT NOT NULL,
  mark BIGINT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (subject, ends, mark)
) /* clustered */;
CREATE INDEX rotation_notices_ends ON rotation_notices (ends);

-- +goose Down
DROP TABLE rotation_notices;
DROP TABLE rotations;
DROP TABLE rotation_plans;
