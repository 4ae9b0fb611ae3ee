package server_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"slices"
	"strconv"
	"testing"

	"bailiwick/authz"
	"bailiwick/server/servertest"
	"bailiwick/store"
)

// realCalls are calls that need an ability and can be made again and again without changing who may do what. A protocol that gets routes
// adds lines.
var realCalls = map[authz.Kind]map[authz.Ability]func(w *world, o *authz.Object) (method, path string, body any){
	authz.Experiment: {
		authz.ViewRuns: func(_ *world, o *authz.Object) (string, string, any) {
			return "GET", "/api/2.0/mlflow/experiments/get?experiment_id=" + fmt.Sprint(o.ID), nil
		},
		authz.LogRuns: func(w *world, o *authz.Object) (string, string, any) {
			return "POST", "/api/2.0/mlflow/runs/log-metric", map[string]any{"run_id": w.runs[o.ID], "key": "m", "value": 1, "timestamp": 1}
		},
		authz.EditTags: func(_ *world, o *authz.Object) (string, string, any) {
			return "POST", "/api/2.0/mlflow/experiments/set-experiment-tag", map[string]any{"experiment_id": fmt.Sprint(o.ID), "key": "k", "value": "v"}
		},
		authz.ReadArtifacts: func(w *world, o *authz.Object) (string, string, any) {
			return "GET", "/api/2.0/mlflow/artifacts/list?run_id=" + w.runs[o.ID], nil
		},
		authz.ManageRuns: func(w *world, o *authz.Object) (string, string, any) {
			return "POST", "/api/2.0/mlflow/runs/restore", map[string]any{"run_id": w.runs[o.ID]}
		},
		authz.ReadPermissions: permissionsOf("experiments"),
	},
	authz.Directory: {
		authz.ListItems: func(w *world, o *authz.Object) (string, string, any) {
			return "GET", "/api/2.0/workspace/list?path=" + url.QueryEscape(w.paths[o.ID]), nil
		},
		authz.ReadPermissions: permissionsOf("directories"),
	},
	authz.Notebook: {
		authz.CloneExport: func(w *world, o *authz.Object) (string, string, any) {
			return "GET", "/api/2.0/workspace/export?format=SOURCE&path=" + url.QueryEscape(w.paths[o.ID]), nil
		},
		authz.EditCells: func(w *world, o *authz.Object) (string, string, any) {
			return "POST", "/api/2.0/workspace/import", map[string]any{"path": w.paths[o.ID], "format": "SOURCE", "language": "PYTHON", "overwrite": true,
				"content": base64of("1")}
		},
		authz.ReadPermissions: permissionsOf("notebooks"),
	},
}

func permissionsOf(request string) func(*world, *authz.Object) (string, string, any) {
	return func(_ *world, o *authz.Object) (string, string, any) {
		return "GET", "/api/2.0/permissions/" + request + "/" + fmt.Sprint(o.ID), nil
	}
}

// world is a random workspace on a running server.
type world struct {
	*servertest.Server
	r       *rand.Rand
	people  map[string]string // name → token
	objects []*authz.Object
	runs    map[int64]string // experiment → a run of it
	paths   map[int64]string // object → its path
}

// people are their groups; teams nest: inner is in outer.
var people = map[string][]string{
	"ann@x.org": {"inner"}, "bob@x.org": {"outer"}, "cyd@x.org": nil, "dan@x.org": {"inner", "other"}, "eve@x.org": {"auditors"},
	"fay@x.org": {"admins"}, "gus@x.org": {"other"}, "hal@x.org": nil,
}

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{Server: servertest.Start(t), r: rand.New(rand.NewPCG(seed, seed)), people: map[string]string{}, runs: map[int64]string{},
		paths: map[int64]string{}}
	for name, groups := range people {
		w.people[name] = w.User(name, groups...)
	}
	w.ServicePrincipal("0f0f0f0f-0000-4000-8000-000000000001", "outer")
	w.nest()
	folders := []string{"/Shared", "/top"}
	w.Admin("POST", "/api/2.0/workspace/mkdirs", map[string]any{"path": "/top"})
	for i := range 10 {
		path := fmt.Sprintf("%s/d%d", folders[w.r.IntN(len(folders))], i)
		w.Admin("POST", "/api/2.0/workspace/mkdirs", map[string]any{"path": path})
		folders = append(folders, path)
	}
	for i := range 10 {
		w.fill(folders[w.r.IntN(len(folders))], i)
	}
	w.grantAll()
	return w
}

// fill makes an experiment with a run, and a notebook.
func (w *world) fill(folder string, i int) {
	id := w.Admin("POST", "/api/2.0/mlflow/experiments/create", map[string]any{"name": fmt.Sprintf("%s/e%d", folder, i)}).Text("experiment_id")
	run := w.Admin("POST", "/api/2.0/mlflow/runs/create", map[string]any{"experiment_id": id}).Text("run.info.run_id")
	n, _ := strconv.ParseInt(id, 10, 64) // the server just gave it
	w.runs[n] = run
	w.Admin("POST", "/api/2.0/workspace/import", map[string]any{"path": fmt.Sprintf("%s/n%d", folder, i), "format": "SOURCE",
		"language": "PYTHON", "content": base64of("1")})
}

func (w *world) nest() {
	w.Govern(func(tx *store.Tx) ([]authz.Event, error) {
		inner, _ := tx.Map.PrincipalByName(authz.Group, "inner")
		outer, _ := tx.Map.PrincipalByName(authz.Group, "outer")
		nested := *inner
		nested.Parents = []int64{outer.ID}
		return []authz.Event{{Op: authz.PutPrincipal, Principal: &nested}}, nil
	})
}

// grantAll gives random levels to random principals, groups among them, on half of the objects.
func (w *world) grantAll() {
	var grantees []int64
	for p := range w.Store.Map().Principals() {
		if p.ID != authz.GroupAdmins && p.ID != authz.GroupAuditors {
			grantees = append(grantees, p.ID)
		}
	}
	w.Govern(func(tx *store.Tx) (events []authz.Event, err error) {
		for o := range tx.Map.Subtree(authz.Root) {
			w.paths[o.ID] = tx.Map.Path(o.ID)
			info, _ := o.Kind.Info()
			if o.ID < authz.FirstFreeObject || o.Home != 0 || w.r.IntN(2) == 0 {
				continue
			}
			given := *o
			given.CreatorManages, given.Entries = false, nil
			for _, p := range w.r.Perm(len(grantees))[:w.r.IntN(3)] {
				given.Entries = append(given.Entries, authz.Entry{Principal: grantees[p], Level: info.Levels[w.r.IntN(len(info.Levels))].Level})
			}
			slices.SortFunc(given.Entries, func(a, b authz.Entry) int { return int(a.Principal - b.Principal) })
			events = append(events, authz.Event{Op: authz.PutObject, Object: &given})
		}
		return events, nil
	})
	for o := range w.Store.Map().Subtree(authz.Root) {
		w.objects = append(w.objects, o)
	}
}

// TestVerdictsAgree asks thousands of random questions in three ways: the caller asks can about himself, an administrator asks who-can, and
// the caller makes a call that needs the ability.
func TestVerdictsAgree(t *testing.T) {
	questions := 3000
	if os.Getenv("BAILIWICK_TEST_LONG") != "" {
		questions = 20_000
	}
	w := newWorld(t, 7)
	names := slices.Sorted(func(yield func(string) bool) {
		for n := range w.people {
			if !yield(n) {
				return
			}
		}
	})
	holders, calls, allowed := map[string][]string{}, 0, 0
	for range questions {
		o := w.objects[w.r.IntN(len(w.objects))]
		rows := authz.Rows(o.Kind)
		ability := rows[w.r.IntN(len(rows))].Ability
		if some := realCalls[o.Kind]; len(some) > 0 && w.r.IntN(2) == 0 {
			ability = pick(w.r, some)
		}
		name := names[w.r.IntN(len(names))]
		can := w.can(t, name, ability, o)
		if key := ability.String() + " " + authz.RequestName(o); holders[key] == nil {
			holders[key] = w.whoCan(t, ability, o)
		}
		if who := slices.Contains(holders[ability.String()+" "+authz.RequestName(o)], name); who != can {
			t.Errorf("%s on %s (%s): can says %v of %s, who-can %v", ability, w.paths[o.ID], o.Kind, can, name, who)
		}
		if call := realCalls[o.Kind][ability]; call != nil && o.ID != authz.DefaultExperiment {
			calls++
			if did, a := w.call(name, call, o); did != can {
				t.Errorf("%s on %s (%s): can says %v of %s, the call %d %s", ability, w.paths[o.ID], o.Kind, can, name, a.Status, a.Body)
			}
		}
		if can {
			allowed++
		}
	}
	t.Logf("%d questions, %d of them as real calls, %d allowed", questions, calls, allowed)
	if calls < questions/4 || allowed < questions/5 || allowed > questions*4/5 {
		t.Errorf("the questions are lopsided")
	}
}

func pick[V any](r *rand.Rand, m map[authz.Ability]V) authz.Ability {
	var keys []authz.Ability
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys[r.IntN(len(keys))]
}

// can asks as the caller himself. That an object may not be known counts as no.
func (w *world) can(t *testing.T, name string, ability authz.Ability, o *authz.Object) bool {
	t.Helper()
	q := url.Values{"ability": {ability.String()}, "object": {authz.RequestName(o)}}
	a := w.Do(w.people[name], "GET", "/api/governance/1.0/can?"+q.Encode(), nil)
	if a.Status != 200 && a.Status != 404 {
		t.Fatalf("can: %d %s", a.Status, a.Body)
	}
	return a.Text("allowed") == "true"
}

func (w *world) whoCan(t *testing.T, ability authz.Ability, o *authz.Object) []string {
	t.Helper()
	q := url.Values{"ability": {ability.String()}, "object": {authz.RequestName(o)}}
	a := w.Admin("GET", "/api/governance/1.0/who-can?"+q.Encode(), nil)
	var got struct {
		Principals []struct{ Name string }
	}
	if err := json.Unmarshal(a.Body, &got); err != nil {
		t.Fatal(err)
	}
	names := []string{""} // never nil
	for _, p := range got.Principals {
		names = append(names, p.Name)
	}
	return names
}

// call makes a real call; did is false when it was refused.
func (w *world) call(name string, call func(*world, *authz.Object) (string, string, any), o *authz.Object) (did bool, a servertest.Answer) {
	method, path, body := call(w, o)
	a = w.Do(w.people[name], method, path, body)
	return a.Status != 403 && a.Status != 404, a
}
