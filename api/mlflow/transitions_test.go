package mlflow_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"strconv"
	"sync"
	"testing"

	"bailiwick/authz"
	"bailiwick/registry"
	"bailiwick/server/servertest"
	"bailiwick/store"
)

// modelLevels are the columns of the registered model's table.
var modelLevels = []authz.Level{authz.NoLevel, authz.CanRead, authz.CanEdit, authz.CanManageStaging, authz.CanManageProduction, authz.CanManage}

// registered makes a model of ann's.
func (w *world) registered(name string) int64 {
	w.t.Helper()
	w.ok("registered-models/create", fields{"name": name})
	o, ok := w.Store.Map().ChildNamed(authz.ModelsRoot, authz.RegisteredModel, name)
	if !ok {
		w.t.Fatalf("no model %q", name)
	}
	return o.ID
}

// manifestOf is a manifest of one file, different for each text.
func manifestOf(t *testing.T, text string) *registry.Manifest {
	t.Helper()
	m, err := registry.NewManifest([]registry.File{{Path: "model.bin", Digest: sha256.Sum256([]byte(text)), Size: int64(len(text))}})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// inStage makes a version of a model in a stage, with bytes of its own, and gives its number.
func (w *world) inStage(model int64, stage registry.Stage) string {
	w.t.Helper()
	return w.inserted(&registry.Version{Model: model, Stage: stage, Status: registry.Ready, Source: "x"}, manifestOf(w.t, "bytes"))
}

func (w *world) inserted(v *registry.Version, m *registry.Manifest) string {
	w.t.Helper()
	err := w.Store.Write(context.Background(), func(tx *store.Tx) error { return tx.InsertVersion(v, m) })
	if err != nil {
		w.t.Fatal(err)
	}
	return strconv.FormatInt(v.Number, 10)
}

// stageOf is where a version is, as its owner sees it.
func (w *world) stageOf(model, version string) string {
	w.t.Helper()
	return w.good(w.get(w.ann, "model-versions/get?name="+model+"&version="+version), "get").Text("model_version.current_stage")
}

// levels makes one user for each level on a model, and gives their tokens.
func (w *world) levels(model int64) (tokens []string) {
	w.t.Helper()
	for i, level := range modelLevels {
		who := fmt.Sprintf("level%d@example.org", i)
		if _, ok := w.Store.Map().PrincipalByName(authz.User, who); !ok {
			tokens = append(tokens, w.User(who))
		}
		w.share(model, w.PrincipalID(who), level)
	}
	return tokens
}

const (
	direct     = "model-versions/transition-stage"
	databricks = "databricks/model-versions/transition-stage"
)

func stepOf(model, version, stage string) fields {
	return fields{"name": model, "version": version, "stage": stage}
}

// held checks one cell: what is allowed is done, what is not is refused, and then told apart only by those who may look.
func held(t *testing.T, what string, a servertest.Answer, column int, allowed bool) {
	t.Helper()
	status, code := 403, "PERMISSION_DENIED"
	if column == 0 {
		status, code = 404, "RESOURCE_DOES_NOT_EXIST"
	}
	if allowed && a.Status != 200 || !allowed && (a.Status != status || a.Text("error_code") != code) {
		t.Errorf("%s by %s: %d %s, want allowed = %v", what, modelLevels[column], a.Status, a.Body, allowed)
	}
}

// mayMove is the law: Manage Production Versions and Manage move among all stages, Manage Staging Versions between None, Archived and Staging.
func mayMove(level authz.Level, from, to registry.Stage) bool {
	return level >= authz.CanManageProduction || level == authz.CanManageStaging && from != registry.StageProduction && to != registry.StageProduction
}

// TestTransitionCells tries each level on each pair of stages, at both routes that move and at both that decide about a request.
func TestTransitionCells(t *testing.T) {
	w := newWorld(t)
	model := w.registered("churn")
	tokens := w.levels(model)
	for _, from := range registry.Stages() {
		for _, to := range registry.Stages() {
			for column, level := range modelLevels {
				for _, route := range []string{direct, databricks, "transition-requests/approve", "transition-requests/reject"} {
					w.tryPair(model, from, to, route, column, level, tokens[column])
				}
			}
		}
	}
}

func (w *world) tryPair(model int64, from, to registry.Stage, route string, column int, level authz.Level, token string) {
	w.t.Helper()
	v := w.inStage(model, from)
	decides := route != direct && route != databricks
	if decides {
		w.ok("transition-requests/create", stepOf("churn", v, to.String()))
	}
	a, allowed, want := w.post(token, route, stepOf("churn", v, to.String())), mayMove(level, from, to), from
	what := fmt.Sprintf("%s %s to %s", route, from, to)
	held(w.t, what, a, column, allowed)
	if allowed && route != "transition-requests/reject" {
		want = to
	}
	if got := w.stageOf("churn", v); got != want.String() {
		w.t.Errorf("%s by %s: it is in %s, want %s", what, level, got, want)
	}
	open := w.good(w.get(w.ann, "transition-requests/list?name=churn&version="+v), "list")
	if pending := open.JSON("requests.0") != nil; pending != (decides && !allowed) {
		w.t.Errorf("%s by %s: requests left: %s", what, level, open.Body)
	}
}

// TestRequestCells tries the lines of the table about requests beside deciding, and those of beyond.tsv about checks and comments.
func TestRequestCells(t *testing.T) {
	w := newWorld(t)
	model := w.registered("churn")
	tokens := w.levels(model)
	digest := hexDigest(manifestOf(t, "bytes"))
	for column := range modelLevels {
		token := tokens[column]
		v := w.inStage(model, registry.StageNone)
		w.ok("transition-requests/create", stepOf("churn", v, "Production"))
		w.ok("comments/create", fields{"name": "churn", "version": v, "comment": "hello"})
		of, named := "/api/governance/1.0/models/churn/versions/"+v, "?name=churn&version="+v
		for _, c := range []struct {
			cells, method, path string
			body                any
		}{
			{".xxxxx", "GET", tracking + "transition-requests/list" + named, nil},
			{".xxxxx", "GET", of + "/activities", nil},
			{".xxxxx", "GET", of + "/checks", nil},
			{".xxxxx", "GET", "/api/governance/1.0/models/churn/required-checks", nil},
			{".xxxxx", "GET", "/api/governance/1.0/models/churn/two-persons", nil},
			{".xxxxx", "POST", tracking + "transition-requests/create", stepOf("churn", v, "Archived")},
			{".xxxxx", "POST", tracking + "comments/create", fields{"name": "churn", "version": v, "comment": "mine"}},
			{"..xxxx", "POST", of + "/checks", fields{"name": "lint", "state": "success", "digest": digest}},
			{".....x", "PUT", "/api/governance/1.0/models/churn/required-checks", fields{"required_checks": []fields{}}},
			{".....x", "PUT", "/api/governance/1.0/models/churn/two-persons", fields{"two_persons": "inherit"}},
			{".....x", "DELETE", tracking + "transition-requests/delete" + named + "&stage=Production&creator=ann@example.org", nil},
		} {
			held(t, c.method+" "+c.path, w.Do(token, c.method, c.path, c.body), column, c.cells[column] == 'x')
		}
	}
}

func hexDigest(m *registry.Manifest) string { return hex.EncodeToString(m.Digest[:]) }

// TestRequestsForEveryStage: who may read may ask for every move, also for one that he could not make.
func TestRequestsForEveryStage(t *testing.T) {
	w := newWorld(t)
	model := w.registered("churn")
	tokens := w.levels(model)
	for _, from := range registry.Stages() {
		v := w.inStage(model, from)
		for _, to := range registry.Stages() {
			for column := range modelLevels {
				a := w.post(tokens[column], "transition-requests/create", stepOf("churn", v, to.String()))
				held(t, fmt.Sprintf("asking for %s to %s", from, to), a, column, column > 0)
				if column > 0 && (a.Text("request.to_stage") != to.String() || a.Text("request.user_id") != fmt.Sprintf("level%d@example.org", column)) {
					t.Errorf("%s", a.Body)
				}
			}
		}
	}
}

// TestCreatorCancels: the creator of a request cancels it whatever his level has become, and learns nothing by it.
func TestCreatorCancels(t *testing.T) {
	w := newWorld(t)
	model := w.registered("churn")
	ben := w.User("ben@example.org")
	id := w.PrincipalID("ben@example.org")
	remove := func(v, creator string) servertest.Answer {
		q := url.Values{"name": {"churn"}, "version": {v}, "stage": {"Staging"}, "creator": {creator}, "comment": {"never mind"}}
		return w.Do(ben, "DELETE", tracking+"transition-requests/delete?"+q.Encode(), nil)
	}
	for _, level := range modelLevels {
		v := w.inStage(model, registry.StageNone)
		w.share(model, id, authz.CanRead)
		w.good(w.post(ben, "transition-requests/create", stepOf("churn", v, "staging")), "asking")
		w.share(model, id, level)
		w.ok(direct, stepOf("churn", v, "Production"))
		a := w.good(remove(v, "Ben@example.org"), "cancelling")
		from := "Production"
		if level == authz.NoLevel {
			from = ""
		}
		if a.Text("activity.activity_type") != "CANCELLED_REQUEST" || a.Text("activity.from_stage") != from || a.Text("activity.comment") != "never mind" {
			t.Errorf("%s: %s", level, a.Body)
		}
		again := remove(v, "ben@example.org")
		if level == authz.NoLevel {
			refused(t, "again", again, 404, "RESOURCE_DOES_NOT_EXIST", "Registered Model with name=churn not found")
		} else {
			refused(t, "again", again, 409, "RESOURCE_CONFLICT", "cancelled by ben@example.org")
		}
	}
	v := w.inStage(model, registry.StageNone)
	w.share(model, id, authz.CanManage)
	w.ok("transition-requests/create", stepOf("churn", v, "Staging"))
	w.good(remove(v, "ann@example.org"), "somebody else's by Manage")
	refused(t, "one that was never made", remove(v, "ben@example.org"), 409, "RESOURCE_CONFLICT", "cancelled by ben@example.org")
	fresh := w.inStage(model, registry.StageNone)
	refused(t, "none", remove(fresh, "nobody@example.org"), 404, "RESOURCE_DOES_NOT_EXIST", "no pending request")
	refused(t, "no creator", remove(fresh, ""), 400, "INVALID_PARAMETER_VALUE", "creator")
}

// TestClosing: a second request of the same creator is refused; deciding closes all requests for the stage and no others.
func TestClosing(t *testing.T) {
	w := newWorld(t)
	model := w.registered("churn")
	tokens := w.levels(model)
	for _, verb := range []string{"approve", "reject"} {
		v := w.inStage(model, registry.StageNone)
		for _, token := range tokens[1:4] {
			w.good(w.post(token, "transition-requests/create", stepOf("churn", v, "Staging")), "asking")
			refused(t, "twice", w.post(token, "transition-requests/create", stepOf("churn", v, "Staging")), 400, "RESOURCE_ALREADY_EXISTS", "pending already")
		}
		w.ok("transition-requests/create", stepOf("churn", v, "Archived"))
		a := w.good(w.post(w.ann, "transition-requests/"+verb, with(stepOf("churn", v, "Staging"), "comment", "so be it")), verb)
		if a.Text("activity.comment") != "so be it" || a.Text("activity.user_id") != "ann@example.org" || a.Text("activity.from_stage") != "None" ||
			a.Text("activity.to_stage") != "Staging" {
			t.Errorf("%s: %s", verb, a.Body)
		}
		left := w.get(w.ann, "transition-requests/list?name=churn&version="+v)
		if left.Text("requests.0.to_stage") != "Archived" || left.JSON("requests.1") != nil {
			t.Errorf("after %s: %s", verb, left.Body)
		}
		refused(t, "again", w.post(w.ann, "transition-requests/"+verb, stepOf("churn", v, "Staging")), 409, "RESOURCE_CONFLICT", verb)
		w.good(w.post(tokens[1], "transition-requests/create", stepOf("churn", v, "Staging")), "asking anew")
	}
}

// TestArchiving: a move into a stage that is in use may archive the versions that are there, each with a note of why.
func TestArchiving(t *testing.T) {
	w := newWorld(t)
	model := w.registered("churn")
	staging := w.levels(model)[3]
	archive := func(v, stage string) fields { return with(stepOf("churn", v, stage), "comment", "newer") }
	for _, stage := range []string{"Staging", "Production"} {
		to, _ := registry.ParseStage(stage)
		token := map[string]string{"Staging": staging, "Production": w.ann}[stage]
		other := w.inStage(model, registry.StageNone)
		for _, route := range []string{databricks, direct, "transition-requests/approve"} {
			old, v := w.inStage(model, to), w.inStage(model, registry.StageNone)
			w.ok("transition-requests/create", stepOf("churn", v, stage))
			body := archive(v, stage)
			body["archive_existing_versions"] = true
			w.good(w.post(token, route, body), route)
			if got := [3]string{w.stageOf("churn", old), w.stageOf("churn", v), w.stageOf("churn", other)}; got != [3]string{"Archived", stage, "None"} {
				t.Errorf("%s into %s: %v", route, stage, got)
			}
			a := w.Do(w.ann, "GET", "/api/governance/1.0/models/churn/versions/"+old+"/activities", nil)
			if a.Text("activities.0.activity_type") != "SYSTEM_TRANSITION" || a.Text("activities.0.from_stage") != stage ||
				a.Text("activities.0.system_comment") != "Archived when version "+v+" came into "+stage {
				t.Errorf("%s: %s", route, a.Body)
			}
		}
	}
	for _, stage := range []string{"None", "Archived"} {
		v := w.inStage(model, registry.StageStaging)
		body := with(stepOf("churn", v, stage), "archive_existing_versions", "true")
		refused(t, "archiving for "+stage, w.post(w.ann, direct, body), 400, "INVALID_PARAMETER_VALUE", "archive_existing_versions")
	}
}

// TestTransitionAnswers: the workspace registry's route answers with the caller's level and what is pending.
func TestTransitionAnswers(t *testing.T) {
	w := newWorld(t)
	model := w.registered("churn")
	staging := w.levels(model)[3]
	v := w.inStage(model, registry.StageNone)
	w.ok("transition-requests/create", with(stepOf("churn", v, "Production"), "comment", "please"))
	a := w.good(w.post(staging, databricks, with(stepOf("churn", v, "STAGING"), "comment", "try it")), "moving")
	for path, want := range map[string]string{
		"name": "churn", "version": v, "current_stage": "Staging", "permission_level": "CAN_MANAGE_STAGING_VERSIONS", "status": "READY",
		"open_requests.0.to_stage": "Production", "open_requests.0.from_stage": "Staging", "open_requests.0.comment": "please",
		"open_requests.0.user_id": "ann@example.org", "open_requests.0.activity_type": "REQUESTED_TRANSITION", "open_requests.0.available_actions.0": "",
	} {
		if got := a.Text("model_version_databricks." + path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	plain := w.good(w.post(w.ann, direct, stepOf("churn", v, "Archived")), "MLflow's own")
	if plain.Text("model_version.current_stage") != "Archived" || plain.Text("model_version.version") != v {
		t.Errorf("%s", plain.Body)
	}
}

// TestTransitionErrors: each kind of bad input has its own answer.
func TestTransitionErrors(t *testing.T) {
	w := newWorld(t)
	model := w.registered("churn")
	v := w.inStage(model, registry.StageNone)
	ben := w.User("ben@example.org")
	for _, route := range []string{direct, databricks, "transition-requests/create", "transition-requests/approve", "transition-requests/reject"} {
		refused(t, route, w.post(w.ann, route, stepOf("churn", v, "Nowhere")), 400, "INVALID_PARAMETER_VALUE", "None, Staging, Production, Archived")
		refused(t, route, w.post(w.ann, route, stepOf("churn", v, "")), 400, "INVALID_PARAMETER_VALUE", "stage")
		refused(t, route, w.post(w.ann, route, stepOf("churn", "77", "Staging")), 404, "RESOURCE_DOES_NOT_EXIST", "version=77")
		refused(t, route, w.post(w.ann, route, stepOf("churn", "one", "Staging")), 400, "INVALID_PARAMETER_VALUE", "version")
		refused(t, route, w.post(w.ann, route, stepOf("none", v, "Staging")), 404, "RESOURCE_DOES_NOT_EXIST", "name=none")
		refused(t, route, w.post(w.ann, route, stepOf("", v, "Staging")), 400, "INVALID_PARAMETER_VALUE", "name")
		for _, version := range []string{v, "77", "one"} {
			hidden, missing := w.post(ben, route, stepOf("churn", version, "Staging")), w.post(ben, route, stepOf("other", version, "Staging"))
			if hidden.Status != missing.Status || len(hidden.Body) != len(missing.Body) {
				t.Errorf("%s tells what is hidden: %s, %s", route, hidden.Body, missing.Body)
			}
		}
	}
	for _, verb := range []string{"approve", "reject"} {
		refused(t, verb, w.post(w.ann, "transition-requests/"+verb, stepOf("churn", v, "Staging")), 404, "RESOURCE_DOES_NOT_EXIST", "no pending request")
	}
}

// TestDecidingAtOnce: of many who approve, reject and cancel one request at once, one does it, and the others are told that it was done.
func TestDecidingAtOnce(t *testing.T) {
	w := newWorld(t)
	model := w.registered("churn")
	tokens := w.levels(model)
	for range 5 {
		v := w.inStage(model, registry.StageNone)
		w.ok("transition-requests/create", stepOf("churn", v, "Staging"))
		answers := make([]servertest.Answer, 9)
		var all sync.WaitGroup
		for i := range answers {
			all.Go(func() {
				switch token := tokens[3+i/3]; i % 3 {
				case 0:
					answers[i] = w.post(token, "transition-requests/approve", stepOf("churn", v, "Staging"))
				case 1:
					answers[i] = w.post(token, "transition-requests/reject", stepOf("churn", v, "Staging"))
				case 2:
					answers[i] = w.Do(w.ann, "DELETE", tracking+"transition-requests/delete?name=churn&version="+v+"&stage=Staging&creator=ann@example.org", nil)
				}
			})
		}
		all.Wait()
		won := ""
		for i, a := range answers {
			if a.Status == 200 {
				if won != "" {
					t.Errorf("two won")
				}
				won = a.Text("activity.activity_type")
				continue
			}
			refused(t, fmt.Sprint("loser ", i), a, 409, "RESOURCE_CONFLICT", "")
		}
		if want := map[bool]string{true: "Staging", false: "None"}[won == "APPROVED_REQUEST"]; won == "" || w.stageOf("churn", v) != want {
			t.Errorf("%q won, and the version is in %s", won, w.stageOf("churn", v))
		}
	}
}

// TestMovingAtOnce: of many versions that come into Production at once, each archiving what is there, one stays.
func TestMovingAtOnce(t *testing.T) {
	w := newWorld(t)
	model := w.registered("churn")
	var versions []string
	for range 8 {
		versions = append(versions, w.inStage(model, registry.StageNone))
	}
	var all sync.WaitGroup
	for _, v := range versions {
		all.Go(func() {
			body := fields{"name": "churn", "version": v, "stage": "Production", "archive_existing_versions": true}
			if a := w.post(w.ann, direct, body); a.Status != 200 && a.Text("error_code") != "RESOURCE_CONFLICT" {
				t.Errorf("%d %s", a.Status, a.Body)
			}
		})
	}
	all.Wait()
	in := map[string]int{}
	for _, v := range versions {
		in[w.stageOf("churn", v)]++
	}
	if in["Production"] != 1 {
		t.Errorf("%v", in)
	}
}

// TestManyThingsAtOnce: moves, checks, requests, descriptions, tags and aliases of one model at once disturb each other in no other way than by
// telling that somebody was first.
func TestManyThingsAtOnce(t *testing.T) {
	w := newWorld(t)
	model := w.registered("churn")
	v := w.inStage(model, registry.StageNone)
	digest := hexDigest(manifestOf(t, "bytes"))
	named := fields{"name": "churn", "version": v}
	calls := []func() servertest.Answer{
		func() servertest.Answer { return w.post(w.ann, direct, stepOf("churn", v, "Staging")) },
		func() servertest.Answer { return w.post(w.ann, databricks, stepOf("churn", v, "Archived")) },
		func() servertest.Answer {
			return w.post(w.ann, "transition-requests/create", stepOf("churn", v, "Production"))
		},
		func() servertest.Answer {
			return w.post(w.ann, "transition-requests/approve", stepOf("churn", v, "Production"))
		},
		func() servertest.Answer {
			return w.post(w.ann, "transition-requests/reject", stepOf("churn", v, "Production"))
		},
		func() servertest.Answer { return w.check(v, checkOf("lint", "success", digest)) },
		func() servertest.Answer {
			return w.Do(w.ann, "PATCH", tracking+"model-versions/update", with(named, "description", "d"))
		},
		func() servertest.Answer {
			return w.post(w.ann, "model-versions/set-tag", with(with(named, "key", "k"), "value", "v"))
		},
		func() servertest.Answer { return w.post(w.ann, "registered-models/alias", with(named, "alias", "a")) },
		func() servertest.Answer { return w.post(w.ann, "comments/create", with(named, "comment", "c")) },
	}
	expected := map[int]bool{200: true, 400: true, 404: true, 409: true}
	var all sync.WaitGroup
	for i := range 60 {
		all.Go(func() {
			if a := calls[i%len(calls)](); !expected[a.Status] {
				t.Errorf("call %d: %d %s", i%len(calls), a.Status, a.Body)
			}
		})
	}
	all.Wait()
}
