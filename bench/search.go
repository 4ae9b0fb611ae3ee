package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// seeders is how many requests at a time fill a server.
const seeders = 8

// searched is run i of the experiment that is searched.
type searched struct {
	Name    string  `json:"name"`
	Start   int64   `json:"start_time"`
	Metrics []point `json:"metrics"`
	Params  []pair  `json:"params"`
}

func searchedRun(i int) searched {
	r := searched{Name: serial("run-", i, 6), Start: epoch + int64(i)}
	for k := range 5 {
		r.Metrics = append(r.Metrics, point{fmt.Sprint("m", k), fraction(i, k), r.Start, 0})
		r.Params = append(r.Params, pair{fmt.Sprint("p", k), fmt.Sprint("v", (i*7+i/10*k)%10)})
	}
	return r
}

// searchVariants is how many different thresholds are searched for, so that no answer is asked for twice in a row.
const searchVariants = 16

func threshold(variant int) float64 { return 0.1 + float64(variant)/50 }

const searchPage = 100

// expectedRuns is what a search gives: the runs with metrics.m0 above the threshold and params.p0 = v3, the greatest metrics.m1 first.
func expectedRuns(runs, variant int) []searched {
	var found []searched
	for i := range runs {
		if r := searchedRun(i); r.Metrics[0].Value > threshold(variant) && r.Params[0].Value == "v3" {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b searched) int {
		if a.Metrics[1].Value > b.Metrics[1].Value {
			return -1
		}
		return 1
	})
	return found[:min(searchPage, len(found))]
}

func searchBody(experiment string, variant int) ([]byte, error) {
	return json.Marshal(object{
		"experiment_ids": []string{experiment}, "run_view_type": "ACTIVE_ONLY", "max_results": searchPage,
		"filter":   "metrics.m0 > " + strconv.FormatFloat(threshold(variant), 'g', -1, 64) + " and params.p0 = 'v3'",
		"order_by": []string{"metrics.m1 DESC"},
	})
}

func openSearchRuns(ctx context.Context, b *bench, s *site) (measure, error) {
	experiment, err := s.createExperiment(ctx, b.name("search"))
	if err != nil {
		return nil, err
	}
	if err := b.seedRuns(ctx, s, experiment); err != nil {
		return nil, err
	}
	var requests [searchVariants][]byte
	for i := range requests {
		body, err := searchBody(experiment, i)
		if err != nil {
			return nil, err
		}
		requests[i] = s.request("POST", mlflowAPI+"/runs/search", body)
	}
	at := func(client, i int) int { return (client*5 + i) % searchVariants }
	return func(ctx context.Context, clients int) (float64, error) {
		p, err := s.play(ctx, load{
			clients: clients, warm: 1, most: b.size.most, limit: b.size.cell,
			request: func(client, i int) []byte { return requests[at(client, i)] },
		})
		for client := 0; err == nil && client < clients; client++ {
			err = checkSearch(p.last[client], expectedRuns(b.size.runs, at(client, p.done[client]-1)))
		}
		return p.rate, err
	}, nil
}

func checkSearch(body []byte, want []searched) error {
	var got runPage
	if err := json.Unmarshal(body, &got); err != nil {
		return wrongf("search-runs: %v", err)
	}
	if len(got.Runs) != len(want) {
		return wrongf("a search found %d runs instead of %d: %.300s", len(got.Runs), len(want), body)
	}
	for i, r := range got.Runs {
		if r.Info.RunName != want[i].Name {
			return wrongf("run %d of a search is %s instead of %s", i, r.Info.RunName, want[i].Name)
		}
		if n := without(want[i].Metrics, r.Data.Metrics) + without(want[i].Params, r.Data.Params); n > 0 {
			return wrongf("run %s lacks %d of its metrics and parameters", r.Info.RunName, n)
		}
	}
	return nil
}

// seedRuns makes the runs that are searched: directly in MLflow's tables, which takes seconds instead of minutes, over HTTP elsewhere.
func (b *bench) seedRuns(ctx context.Context, s *site, experiment string) error {
	if s.seedURI != "" {
		return b.seedTables(ctx, s, experiment)
	}
	return parallel(ctx, b.size.runs, seeders, func(ctx context.Context, i int) error {
		r := searchedRun(i)
		var made oneRun
		ask := object{"experiment_id": experiment, "user_id": "ada", "run_name": r.Name, "start_time": r.Start}
		if err := s.post(ctx, mlflowAPI+"/runs/create", ask, &made); err != nil {
			return err
		}
		return s.logBatch(ctx, made.Run.Info.RunID, r.Metrics, r.Params)
	})
}

func (b *bench) seedTables(ctx context.Context, s *site, experiment string) error {
	path := filepath.Join(s.dir, "runs.jsonl")
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(f)
	for i := range b.size.runs {
		line, err := json.Marshal(searchedRun(i))
		if err != nil {
			return err
		}
		out.Write(append(line, '\n')) // Flush gives its error
	}
	if err := out.Flush(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	script := filepath.Join(b.root, "bench", "seed.py")
	seed, err := launch("seed.py", s.dir, b.pythonEnv(), []string{b.python, script, s.seedURI, experiment, path})
	if err != nil {
		return err
	}
	b.processes = append(b.processes, seed)
	b.note("the %d searched runs of %s were written into its tables by bench/seed.py", b.size.runs, s.name)
	return seed.success(ctx)
}
