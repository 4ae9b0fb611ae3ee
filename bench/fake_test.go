package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// fake is a tracking server in memory, as right as the benchmark's checks ask for, or wrong in one way.
type fake struct {
	mu          sync.Mutex
	wrong       string
	calls       int
	experiments []experiment
	runs        []*run
	points      map[string][]point // by run and key
	files       map[string][]byte
	folders     []string // paths; the id is the place
	grants      map[string]map[string]bool
	models      []string // the id is the place
	versions    map[string]*modelVersion
}

// startFake serves a fake and gives the site of its administrator.
func startFake(t *testing.T, wrong string) *site {
	t.Helper()
	f := &fake{
		wrong: wrong, experiments: []experiment{{ID: "0", Name: "Default"}},
		points: map[string][]point{}, files: map[string][]byte{}, grants: map[string]map[string]bool{},
		versions: map[string]*modelVersion{},
	}
	mux := http.NewServeMux()
	for pattern, serve := range map[string]func(*http.Request, object) any{
		"POST " + mlflowAPI + "/experiments/create":          f.createExperiment,
		"POST " + mlflowAPI + "/experiments/search":          f.searchExperiments,
		"POST " + mlflowAPI + "/runs/create":                 f.createRun,
		"GET " + mlflowAPI + "/runs/get":                     f.getRun,
		"POST " + mlflowAPI + "/runs/search":                 f.searchRuns,
		"POST " + mlflowAPI + "/runs/log-metric":             f.logMetric,
		"POST " + mlflowAPI + "/runs/log-batch":              f.logBatch,
		"GET " + mlflowAPI + "/metrics/get-history":          f.history,
		"POST /api/2.0/workspace/mkdirs":                     f.mkdirs,
		"GET /api/2.0/workspace/list":                        f.listFolders,
		"POST /api/2.0/preview/scim/v2/ServicePrincipals":    f.principal,
		"POST /api/2.0/token-management/on-behalf-of/tokens": f.token,
		"PATCH /api/2.0/permissions/{kind}/{id}":             f.grant,
	} {
		mux.HandleFunc(pattern, f.json(serve))
	}
	for pattern, serve := range f.registryRoutes() {
		mux.HandleFunc(pattern, f.json(serve))
	}
	mux.HandleFunc(artifactsAPI+"/{path...}", f.file)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return &site{name: ours, addr: server.Listener.Addr().String(), auth: "Bearer root", peer: &peer{name: ours}, dir: t.TempDir()}
}

func (f *fake) json(serve func(*http.Request, object) any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		var in object
		json.NewDecoder(r.Body).Decode(&in)
		if f.calls++; f.wrong == "refuse" && f.calls > 20 {
			http.Error(w, "busy", http.StatusInternalServerError)
			return
		}
		json.NewEncoder(w).Encode(serve(r, in))
	}
}

// into reads a request again in its own shape.
func into[T any](in any) (v T) {
	text, _ := json.Marshal(in)
	json.Unmarshal(text, &v)
	return v
}

func (f *fake) createExperiment(_ *http.Request, in object) any {
	e := experiment{ID: fmt.Sprint(len(f.experiments)), Name: in["name"].(string), Created: int64(len(f.experiments))}
	if f.wrong != "lose-experiment" || len(f.experiments)%7 != 3 {
		f.experiments = append(f.experiments, e)
	}
	return e
}

func (f *fake) sees(r *http.Request, e experiment) bool {
	who := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if who == "root" || who == adminToken || f.wrong == "leak" || e.shared() {
		return true
	}
	at := slices.Index(f.folders, e.Name[:max(0, strings.LastIndex(e.Name, "/"))])
	return f.grants[who]["experiments/"+e.ID] || f.grants[who][fmt.Sprint("directories/", at+1)]
}

func (f *fake) searchExperiments(r *http.Request, in object) any {
	seen := slices.DeleteFunc(slices.Clone(f.experiments), func(e experiment) bool { return !f.sees(r, e) })
	slices.Reverse(seen)
	if f.wrong == "misorder" {
		slices.Reverse(seen)
	}
	var from int
	token, _ := in["page_token"].(string)
	fmt.Sscan(token, &from)
	page := experimentPage{Experiments: seen[from:min(len(seen), from+int(in["max_results"].(float64)))]}
	if to := from + len(page.Experiments); to < len(seen) {
		page.Next = fmt.Sprint(to)
	}
	return page
}

func (f *fake) createRun(_ *http.Request, in object) any {
	r := &run{}
	r.Info.RunID, r.Info.RunName = fmt.Sprintf("%032d", len(f.runs)+1), in["run_name"].(string)
	r.Info.ExperimentID = in["experiment_id"].(string)
	r.Info.ArtifactURI = "mlflow-artifacts:/" + r.Info.ExperimentID + "/" + r.Info.RunID + "/artifacts"
	r.Data.Tags = into[[]pair](in["tags"])
	f.runs = append(f.runs, r)
	answer := *r
	if f.wrong == "lose-run" && len(f.runs)%5 == 4 {
		r.Info.ExperimentID = "lost"
	}
	return oneRun{answer}
}

func (f *fake) run(id string) *run {
	return f.runs[slices.IndexFunc(f.runs, func(r *run) bool { return r.Info.RunID == id })]
}

func (f *fake) getRun(r *http.Request, _ object) any {
	found := *f.run(r.FormValue("run_id"))
	if f.wrong == "lose-tag" {
		found.Data.Tags = found.Data.Tags[:len(found.Data.Tags)-1]
	}
	return oneRun{found}
}

func (f *fake) searchRuns(_ *http.Request, in object) any {
	var page runPage
	var above float64
	filter, _ := in["filter"].(string)
	fmt.Sscanf(filter, "metrics.m0 > %g and params.p0 = 'v3'", &above)
	for _, r := range f.runs {
		hit := filter == "" || (r.Data.Metrics[0].Value > above && r.Data.Params[0].Value == "v3")
		if hit && r.Info.ExperimentID == in["experiment_ids"].([]any)[0] {
			page.Runs = append(page.Runs, *r)
		}
	}
	if filter != "" && f.wrong != "misorder" {
		slices.SortFunc(page.Runs, func(a, b run) int { return cmp.Compare(b.Data.Metrics[1].Value, a.Data.Metrics[1].Value) })
	}
	if page.Runs = page.Runs[:min(len(page.Runs), int(in["max_results"].(float64)))]; f.wrong == "short-page" {
		page.Runs = page.Runs[:len(page.Runs)/2]
	}
	return page
}

func (f *fake) log(id string, points ...point) {
	for _, p := range points {
		if f.calls++; f.wrong != "lose-point" || f.calls%11 != 5 {
			f.points[id+p.Key] = append(f.points[id+p.Key], p)
		}
	}
}

func (f *fake) logMetric(_ *http.Request, in object) any {
	f.log(in["run_id"].(string), into[point](in))
	return object{}
}

func (f *fake) logBatch(_ *http.Request, in object) any {
	r := f.run(in["run_id"].(string))
	r.Data.Metrics, r.Data.Params = into[[]point](in["metrics"]), into[[]pair](in["params"])
	f.log(r.Info.RunID, r.Data.Metrics...)
	return object{}
}

func (f *fake) history(r *http.Request, _ object) any {
	all := slices.Clone(f.points[r.FormValue("run_id")+r.FormValue("metric_key")])
	if f.wrong == "misorder" && len(all) > 1 {
		all[0].Step, all[1].Step = all[1].Step, all[0].Step
	}
	return history{Metrics: all}
}

func (f *fake) file(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	f.mu.Lock()
	defer f.mu.Unlock()
	switch stored := f.files[r.URL.Path]; {
	case r.Method == http.MethodPut:
		f.files[r.URL.Path] = body
	case f.wrong == "flip-byte":
		stored = bytes.Clone(stored)
		stored[len(stored)-1] ^= 1
		http.ServeContent(w, r, "f", time.Time{}, bytes.NewReader(stored))
	default:
		http.ServeContent(w, r, "f", time.Time{}, bytes.NewReader(stored))
	}
}

func (f *fake) mkdirs(_ *http.Request, in object) any {
	f.folders = append(f.folders, in["path"].(string))
	return object{}
}

func (f *fake) listFolders(*http.Request, object) any {
	var objects []object
	for i, path := range f.folders {
		objects = append(objects, object{"path": path, "object_id": i + 1})
	}
	return object{"objects": objects}
}

func (f *fake) principal(_ *http.Request, in object) any {
	return object{"id": "1", "applicationId": "app-" + in["displayName"].(string)}
}

func (f *fake) token(_ *http.Request, in object) any {
	return object{"token_value": in["application_id"]}
}

func (f *fake) grant(r *http.Request, in object) any {
	for _, entry := range in["access_control_list"].([]any) {
		who := entry.(map[string]any)["service_principal_name"].(string)
		if f.grants[who] == nil {
			f.grants[who] = map[string]bool{}
		}
		f.grants[who][r.PathValue("kind")+"/"+r.PathValue("id")] = true
	}
	return object{}
}
