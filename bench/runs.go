package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
)

// each measurement gets an experiment or runs of its own, so that what it left behind can be counted.

func openCreateRun(_ context.Context, b *bench, s *site) (measure, error) {
	return func(ctx context.Context, clients int) (float64, error) {
		experiment, err := s.createExperiment(ctx, b.name("create-run"))
		if err != nil {
			return 0, err
		}
		requests := make([]template, clients)
		for i := range requests {
			body, err := json.Marshal(newRun(experiment, fmt.Sprintf("by-%02d-%s", i, mark)))
			if err != nil {
				return 0, err
			}
			requests[i] = newTemplate(s.request("POST", mlflowAPI+"/runs/create", body), mark)
		}
		p, err := s.play(ctx, load{
			clients: clients, warm: 1, most: b.size.most, limit: b.size.cell,
			request: func(client, i int) []byte { return requests[client].with(i) },
		})
		if err != nil {
			return 0, err
		}
		return p.rate, checkRuns(ctx, s, experiment, p.done)
	}, nil
}

// checkRuns counts the runs that there are: each client's, each once, with the tags that were sent.
func checkRuns(ctx context.Context, s *site, experiment string, done []int) error {
	var want []string
	for client, n := range done {
		for i := range n {
			want = append(want, fmt.Sprintf("by-%02d-%08d", client, i))
		}
	}
	runs, err := s.runs(ctx, experiment)
	if err != nil {
		return err
	}
	var got []string
	for _, r := range runs {
		got = append(got, r.Info.RunName)
		if r.Info.ExperimentID != experiment || !slices.Contains(r.Data.Tags, pair{"mlflow.source.name", "/home/ada/churn/train.py"}) {
			return wrongf("a created run is in experiment %s with tags %v", r.Info.ExperimentID, r.Data.Tags)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		return wrongf("%d runs were created, and those that are there are others or %d in number (first %q)", len(want), len(got), first(got))
	}
	return nil
}

func first[T any](list []T) (v T) {
	if len(list) > 0 {
		v = list[0]
	}
	return v
}

// sample is a run as get-run wants it: 5 metrics, 5 parameters, 5 tags.
func sample(i int) (metrics []point, params, tags []pair) {
	for k := range 5 {
		metrics = append(metrics, point{fmt.Sprint("metric-", k), fraction(i, k), epoch + int64(i), int64(k)})
		params = append(params, pair{fmt.Sprint("param-", k), fmt.Sprintf("value %d of %d", k, i)})
		tags = append(tags, pair{fmt.Sprint("tag-", k), fmt.Sprintf("mark %d of %d", k, i)})
	}
	return metrics, params, tags
}

func openGetRun(ctx context.Context, b *bench, s *site) (measure, error) {
	experiment, err := s.createExperiment(ctx, b.name("get-run"))
	if err != nil {
		return nil, err
	}
	requests := make([][]byte, b.size.samples)
	err = parallel(ctx, len(requests), seeders, func(ctx context.Context, i int) error {
		metrics, params, tags := sample(i)
		made, err := s.createRun(ctx, experiment, serial("sample-", i, 4), tags...)
		if err != nil {
			return err
		}
		requests[i] = s.request("GET", getRunPath(made.Info.RunID), nil)
		return s.logBatch(ctx, made.Info.RunID, metrics, params)
	})
	at := func(client, i int) int { return (client*37 + i) % len(requests) }
	return func(ctx context.Context, clients int) (float64, error) {
		p, err := s.play(ctx, load{
			clients: clients, warm: 2, most: b.size.most, limit: b.size.cell,
			request: func(client, i int) []byte { return requests[at(client, i)] },
		})
		if err != nil {
			return 0, err
		}
		for client, body := range p.last {
			if err := checkSample(body, at(client, p.done[client]-1)); err != nil {
				return 0, err
			}
		}
		return p.rate, nil
	}, err
}

func checkSample(body []byte, i int) error {
	var got oneRun
	if err := json.Unmarshal(body, &got); err != nil {
		return wrongf("get-run: %v", err)
	}
	metrics, params, tags := sample(i)
	missing := without(metrics, got.Run.Data.Metrics) + without(params, got.Run.Data.Params) + without(tags, got.Run.Data.Tags)
	if missing > 0 || got.Run.Info.RunName != serial("sample-", i, 4) || len(got.Run.Data.Metrics) != len(metrics) ||
		len(got.Run.Data.Params) != len(params) {
		return wrongf("run %d lacks %d of its 15 metrics, parameters and tags: %.300s", i, missing, body)
	}
	return nil
}

// without counts what of want is not in got.
func without[T comparable](want, got []T) (n int) {
	for _, w := range want {
		if !slices.Contains(got, w) {
			n++
		}
	}
	return n
}
