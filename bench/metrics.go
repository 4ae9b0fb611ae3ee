package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// fraction gives numbers between 0 and 1 that look like a training's: all different, and the same in every run of the benchmark.
func fraction(i, k int) float64 {
	_, f := math.Modf(float64(i+1) * math.Sqrt(float64(primes[k%len(primes)])))
	return f
}

var primes = []int{2, 3, 5, 7, 11, 13, 17, 19, 23, 29}

// bigStep is added to steps that are written as marks, so that they have no leading zeros.
const bigStep = 100_000_000

// freshRuns makes a run for each client.
func (s *site) freshRuns(ctx context.Context, b *bench, clients int) ([]string, error) {
	experiment, err := s.createExperiment(ctx, b.name("metrics"))
	ids := make([]string, clients)
	for i := range ids {
		if err != nil {
			break
		}
		var made run
		made, err = s.createRun(ctx, experiment, serial("client-", i, 2))
		ids[i] = made.Info.RunID
	}
	return ids, err
}

func openLogMetric(_ context.Context, b *bench, s *site) (measure, error) {
	return func(ctx context.Context, clients int) (float64, error) {
		runs, err := s.freshRuns(ctx, b, clients)
		if err != nil {
			return 0, err
		}
		requests := make([]template, clients)
		for i, id := range runs {
			body := fmt.Sprintf(`{"run_uuid":%q,"run_id":%q,"key":"loss","value":0.%s,"timestamp":17000%s,"step":1%s}`, id, id, mark, mark, mark)
			requests[i] = newTemplate(s.request("POST", mlflowAPI+"/runs/log-metric", []byte(body)), mark)
		}
		p, err := s.play(ctx, load{
			clients: clients, warm: 1, most: b.size.most, limit: b.size.cell,
			request: func(client, i int) []byte { return requests[client].with(i) },
		})
		if err != nil {
			return 0, err
		}
		for client, id := range runs {
			if err := checkHistory(ctx, s, id, "loss", p.done[client], metricAt); err != nil {
				return 0, err
			}
		}
		return p.rate, nil
	}, nil
}

// metricAt is the point that log-metric's request i sent.
func metricAt(i int) point {
	return point{"loss", float64(i) / bigStep, 1_700_000_000_000 + int64(i), bigStep + int64(i)}
}

// checkHistory compares all points of a metric, by step.
func checkHistory(ctx context.Context, s *site, id, key string, count int, want func(i int) point) error {
	got, err := s.history(ctx, id, key)
	if err != nil {
		return err
	}
	slices.SortStableFunc(got, func(a, b point) int { return int(a.Step - b.Step) })
	return comparePoints(got, count, want)
}

func comparePoints(got []point, count int, want func(i int) point) error {
	if len(got) != count {
		return wrongf("%d points were logged, %d are there", count, len(got))
	}
	for i, p := range got {
		w := want(i)
		if p.Key == "" {
			p.Key = w.Key // MLflow's UI endpoints leave it out
		}
		if p != w {
			return wrongf("point %d is %v instead of %v", i, p, w)
		}
	}
	return nil
}

const (
	batchKeys  = 10
	batchSteps = 100
	batchMark  = "@@@@@@" // number of the batch; the step's last two digits follow it
)

func batchKey(k int) string { return fmt.Sprint("train/metric-", k) }

// batchPoint is step i of a key over all batches.
func batchPoint(k, i int) point {
	return point{batchKey(k), fraction(i%batchSteps, k), 1_700_000_000_000 + int64(i), bigStep + int64(i)}
}

// batchBody gives log-batch's body with marks for the number of the batch.
func batchBody(id string) []byte {
	body := fmt.Appendf(nil, `{"run_id":%q,"metrics":[`, id)
	for i := range batchKeys * batchSteps {
		k, step := i/batchSteps, i%batchSteps
		if i > 0 {
			body = append(body, ',')
		}
		body = fmt.Appendf(body, `{"key":%q,"value":`, batchKey(k))
		body = strconv.AppendFloat(body, fraction(step, k), 'g', -1, 64)
		body = fmt.Appendf(body, `,"timestamp":17000%s%02d,"step":1%s%02d}`, batchMark, step, batchMark, step)
	}
	return append(body, `],"params":[],"tags":[]}`...)
}

func openLogBatch(_ context.Context, b *bench, s *site) (measure, error) {
	return func(ctx context.Context, clients int) (float64, error) {
		runs, err := s.freshRuns(ctx, b, clients)
		if err != nil {
			return 0, err
		}
		requests := make([]template, clients)
		for i, id := range runs {
			requests[i] = newTemplate(s.request("POST", mlflowAPI+"/runs/log-batch", batchBody(id)), batchMark)
		}
		p, err := s.play(ctx, load{
			clients: clients, warm: 1, most: b.size.most, limit: b.size.cell,
			request: func(client, i int) []byte { return requests[client].with(i) },
		})
		if err != nil {
			return 0, err
		}
		for client, id := range runs {
			k := client % batchKeys
			want := func(i int) point { return batchPoint(k, i) }
			if err := checkHistory(ctx, s, id, batchKey(k), p.done[client]*batchSteps, want); err != nil {
				return 0, err
			}
		}
		return p.rate, nil
	}, nil
}

// historyPoint is point i of the long metric.
func historyPoint(i int) point {
	return point{"loss", fraction(i, 0), epoch + int64(i), int64(i)}
}

func openHistory(ctx context.Context, b *bench, s *site) (measure, error) {
	runs, err := s.freshRuns(ctx, b, 1)
	if err != nil {
		return nil, err
	}
	id := runs[0]
	for from := 0; from < b.size.points; from += 1000 {
		batch := make([]point, min(1000, b.size.points-from))
		for i := range batch {
			batch[i] = historyPoint(from + i)
		}
		if err := s.logBatch(ctx, id, batch, []pair{}); err != nil {
			return nil, err
		}
	}
	request := s.request("GET", historyPath(id, "loss"), nil)
	return func(ctx context.Context, clients int) (float64, error) {
		p, err := s.play(ctx, load{
			clients: clients, warm: 1, most: 20, limit: b.size.cell,
			request: func(int, int) []byte { return request },
		})
		if err != nil {
			return 0, err
		}
		var got history
		if err := json.Unmarshal(p.last[0], &got); err != nil {
			return 0, wrongf("metric history: %v", err)
		}
		return 1 / p.rate, comparePoints(got.Metrics, b.size.points, historyPoint) // in the order of the answer
	}, nil
}
