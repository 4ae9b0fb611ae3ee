-- +goose Up
-- Webhooks of the registry and what is on its way to them. model is the governed object, 0 for all models. secrets are sealed with the
-- installation's key "webhooks" (store/webhooks.go) and never leave but to be sent.
CREATE TABLE webhooks (
  id TEXT PRIMARY KEY,
  protocol TEXT NOT NULL,
  model BIGINT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  url TEXT NOT NULL,
  job TEXT NOT NULL,
  insecure BIGINT NOT NULL,
  status TEXT NOT NULL,
  events TEXT NOT NULL,
  held BIGINT NOT NULL,
  secrets BYTEA NOT NULL,
  creator BIGINT NOT NULL,
  created BIGINT NOT NULL,
  updated BIGINT NOT NULL
);
CREATE INDEX webhooks_model ON webhooks (model);

-- One row an event and webhook, written in the transaction of the event. due is the next try of a pending one; while somebody tries, it is
-- the end of his lease, and claim is his mark.
CREATE TABLE webhook_deliveries (
  id TEXT PRIMARY KEY,
  webhook TEXT NOT NULL,
  event TEXT NOT NULL,
  body TEXT NOT NULL,
  at BIGINT NOT NULL,
  state TEXT NOT NULL,
  due BIGINT NOT NULL,
  claim BIGINT NOT NULL,
  tries BIGINT NOT NULL,
  since BIGINT NOT NULL,
  ended BIGINT NOT NULL,
  status BIGINT NOT NULL,
  answer TEXT NOT NULL
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook, due) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_log ON webhook_deliveries (webhook, at, id);
CREATE INDEX webhook_deliveries_ended ON webhook_deliveries (ended) WHERE state <> 'pending';

CREATE TABLE webhook_attempts (
  delivery TEXT NOT NULL,
  n BIGINT NOT NULL,
  at BIGINT NOT NULL,
  took BIGINT NOT NULL,
  status BIGINT NOT NULL,
  answer TEXT NOT NULL,
  PRIMARY KEY (delivery, n)
) /* clustered */;

-- +goose Down
DROP TABLE webhook_attempts;
DROP TABLE webhook_deliveries;
DROP TABLE webhooks;
