-- +goose Up
-- The order in which runs are looked at: those of an experiment that are not deleted, newest first.
CREATE INDEX runs_order ON runs (experiment, lifecycle, started DESC, id);

-- +goose Down
DROP INDEX runs_order;
