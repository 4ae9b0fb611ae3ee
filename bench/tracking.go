package main

import (
	"context"
	"net/url"
	"strconv"
	"strings"
)

// The parts of MLflow's wire shapes that the benchmark reads.
type (
	point struct {
		Key       string  `json:"key"`
		Value     float64 `json:"value"`
		Timestamp int64   `json:"timestamp"`
		Step      int64   `json:"step"`
	}
	pair struct {
		Key   string `json:"key"`
		Value string `json:"value"`
	}
	run struct {
		Info struct {
			RunID        string `json:"run_id"`
			RunName      string `json:"run_name"`
			ExperimentID string `json:"experiment_id"`
			ArtifactURI  string `json:"artifact_uri"`
		} `json:"info"`
		Data struct {
			Metrics []point `json:"metrics"`
			Params  []pair  `json:"params"`
			Tags    []pair  `json:"tags"`
		} `json:"data"`
	}
	experiment struct {
		ID      string `json:"experiment_id"`
		Name    string `json:"name"`
		Created int64  `json:"creation_time"`
	}
	oneRun struct {
		Run run `json:"run"`
	}
	runPage struct {
		Runs []run  `json:"runs"`
		Next string `json:"next_page_token"`
	}
	experimentPage struct {
		Experiments []experiment `json:"experiments"`
		Next        string       `json:"next_page_token"`
	}
	history struct {
		Metrics []point `json:"metrics"`
		Next    string  `json:"next_page_token"`
	}
	object map[string]any
)

// epoch is the time, in milliseconds, from which all times that the benchmark sends are counted.
const epoch = 1_700_000_000_000

func (s *site) createExperiment(ctx context.Context, name string) (string, error) {
	var made experiment
	err := s.post(ctx, mlflowAPI+"/experiments/create", object{"name": name}, &made)
	return made.ID, err
}

// createRun makes a run with the tags that the Python client sends from a script.
func (s *site) createRun(ctx context.Context, experiment, name string, tags ...pair) (run, error) {
	var made oneRun
	err := s.post(ctx, mlflowAPI+"/runs/create", newRun(experiment, name, tags...), &made)
	return made.Run, err
}

func newRun(experiment, name string, tags ...pair) object {
	tags = append([]pair{
		{"mlflow.user", "ada"}, {"mlflow.source.name", "/home/ada/churn/train.py"}, {"mlflow.source.type", "LOCAL"},
	}, tags...)
	return object{"experiment_id": experiment, "user_id": "ada", "run_name": name, "start_time": epoch, "tags": tags}
}

func (s *site) logBatch(ctx context.Context, id string, metrics []point, params []pair) error {
	return s.post(ctx, mlflowAPI+"/runs/log-batch", object{"run_id": id, "metrics": metrics, "params": params, "tags": []pair{}}, nil)
}

// getRunPath and historyPath are what the Python client asks for.
func getRunPath(id string) string { return mlflowAPI + "/runs/get?run_uuid=" + id + "&run_id=" + id }

func historyPath(id, key string) string {
	return mlflowAPI + "/metrics/get-history?run_uuid=" + id + "&run_id=" + id + "&metric_key=" + url.QueryEscape(key)
}

// history reads all points of a run's metric.
func (s *site) history(ctx context.Context, id, key string) ([]point, error) {
	var all []point
	for token := ""; ; {
		path := historyPath(id, key)
		if token != "" {
			path += "&page_token=" + url.QueryEscape(token)
		}
		var page history
		if err := s.call(ctx, "GET", path, nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Metrics...)
		if token = page.Next; token == "" {
			return all, nil
		}
	}
}

// runs reads all runs of an experiment.
func (s *site) runs(ctx context.Context, experiment string) ([]run, error) {
	var all []run
	ask := object{"experiment_ids": []string{experiment}, "max_results": 1000}
	for {
		var page runPage
		if err := s.post(ctx, mlflowAPI+"/runs/search", ask, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Runs...)
		if page.Next == "" {
			return all, nil
		}
		ask["page_token"] = page.Next
	}
}

// experiments reads all experiments that the caller may see, in the server's order.
func (s *site) experiments(ctx context.Context) ([]experiment, error) {
	var all []experiment
	ask := object{"max_results": 1000}
	for {
		var page experimentPage
		if err := s.post(ctx, mlflowAPI+"/experiments/search", ask, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Experiments...)
		if page.Next == "" {
			return all, nil
		}
		ask["page_token"] = page.Next
	}
}

// artifacts gives the folder of a run's artifacts below the proxy, without a slash at its end.
func (r run) artifacts() (string, error) {
	place, ok := strings.CutPrefix(r.Info.ArtifactURI, "mlflow-artifacts:/")
	if !ok {
		return "", wrongf("the artifacts of a run are at %q, not at mlflow-artifacts:/", r.Info.ArtifactURI)
	}
	return artifactsAPI + "/" + strings.Trim(place, "/"), nil
}

func serial(prefix string, n, width int) string {
	digits := strconv.Itoa(n)
	return prefix + strings.Repeat("0", max(0, width-len(digits))) + digits
}
