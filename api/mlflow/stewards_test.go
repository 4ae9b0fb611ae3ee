package mlflow_test

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/authz"
	"bailiwick/server"
	"bailiwick/server/servertest"
	"bailiwick/store"
)

// governed gives the tags of an experiment that say who answers for it.
func (w *world) governed(id string) map[string]string {
	w.t.Helper()
	tags := pairs(w.good(w.Do(servertest.AdminToken, "GET", tracking+"experiments/get?experiment_id="+id, nil), "get"), "experiment.tags")
	out := map[string]string{}
	for key, value := range tags {
		if strings.HasPrefix(key, authz.TagPrefix) {
			out[strings.TrimPrefix(key, authz.TagPrefix)] = value
		}
	}
	return out
}

// found gives the names of the experiments that a filter finds, as the administrator sees them.
func (w *world) found(filter string) string {
	w.t.Helper()
	a := w.good(w.post(servertest.AdminToken, "experiments/search", fields{"filter": filter, "max_results": 100}), filter)
	var names []string
	for i := 0; a.JSON("experiments."+strconv.Itoa(i)) != nil; i++ {
		names = append(names, a.Text(fmt.Sprintf("experiments.%d.name", i)))
	}
	return strings.Join(names, " ")
}

func TestStewardTags(t *testing.T) {
	w := newWorld(t)
	w.User("ben@example.org", "team")
	w.ServicePrincipal("0f0f-app")
	set := func(id, key, value string) servertest.Answer {
		return w.post(w.ann, "experiments/set-experiment-tag", fields{"experiment_id": id, "key": key, "value": value})
	}
	drop := func(id, key string) servertest.Answer {
		return w.post(w.ann, "experiments/delete-experiment-tag", fields{"experiment_id": id, "key": key})
	}
	id := w.ok("experiments/create", fields{"name": "churn", "tags": []fields{{"key": "bailiwick.tier", "value": "High"}, {"key": "k", "value": "v"}}}).Text("experiment_id")
	if diff := cmp.Diff(map[string]string{"owner": "ann@example.org", "tier": "high"}, w.governed(id)); diff != "" {
		t.Errorf("made: %s", diff)
	}
	w.good(set(id, "bailiwick.owner", "team"), "a group")
	w.good(set(id, "bailiwick.contact", "#churn"), "a contact")
	w.good(set(id, "bailiwick.lifecycle", "deprecated"), "an age")
	want := map[string]string{"owner": "team", "tier": "high", "contact": "#churn", "lifecycle": "deprecated"}
	if diff := cmp.Diff(want, w.governed(id)); diff != "" {
		t.Error(diff)
	}
	w.good(set(id, "bailiwick.owner", "0f0f-app"), "a service principal")
	w.good(drop(id, "bailiwick.contact"), "no contact")
	w.good(set(id, "bailiwick.lifecycle", ""), "no age")
	if diff := cmp.Diff(map[string]string{"owner": "0f0f-app", "tier": "high"}, w.governed(id)); diff != "" {
		t.Error(diff)
	}
	w.good(drop(id, "bailiwick.owner"), "the creator again")
	if got := w.governed(id)["owner"]; got != "ann@example.org" {
		t.Error(got)
	}
	for what, c := range map[string]struct {
		a      servertest.Answer
		status int
		words  string
	}{
		"unknown key":         {set(id, "bailiwick.team", "x"), 400, "bailiwick.owner, bailiwick.contact, bailiwick.tier, bailiwick.lifecycle"},
		"drop an unknown key": {drop(id, "bailiwick.team"), 400, "bailiwick.owner"},
		"nobody":              {set(id, "bailiwick.owner", "zoe"), 400, `has the name "zoe"`},
		"no such tier":        {set(id, "bailiwick.tier", "1"), 400, "critical, high, medium, low"},
		"no such age":         {set(id, "bailiwick.lifecycle", "new"), 400, "experimental, active, deprecated, retired"},
		"not set":             {drop(id, "bailiwick.contact"), 404, "No tag with name: bailiwick.contact"},
		"made with a bad one": {w.post(w.ann, "experiments/create", fields{"name": "x", "tags": []fields{{"key": "bailiwick.x", "value": "y"}}}), 400, "bailiwick.owner"},
	} {
		if c.a.Status != c.status || !strings.Contains(c.a.Text("message"), c.words) {
			t.Errorf("%s: %d %s", what, c.a.Status, c.a.Body)
		}
	}
	w.audited(t, id)
}

// audited holds the last change of a steward in the audit trail against what it was.
func (w *world) audited(t *testing.T, id string) {
	t.Helper()
	a := w.Admin("GET", "/api/governance/1.0/audit?"+url.Values{"object": {"experiments/" + id}, "action": {"deleteExperimentTag"}}.Encode(), nil)
	if body := string(a.Body); !strings.Contains(body, `"0f0f-app"`) || !strings.Contains(body, `"before"`) || !strings.Contains(body, `"after"`) {
		t.Errorf("%s", body)
	}
}

// TestStewardTagLevels: tags under bailiwick. are for who manages the experiment, all others for who edits it.
func TestStewardTagLevels(t *testing.T) {
	w := newWorld(t)
	id := w.experiment("churn")
	ben := w.User("ben@example.org")
	for _, l := range []authz.Level{authz.NoLevel, authz.CanRead, authz.CanRun, authz.CanEdit, authz.CanManage} {
		w.share(number(t, id), w.PrincipalID("ben@example.org"), l)
		for key, value := range map[string]string{
			"bailiwick.owner": "ben@example.org", "bailiwick.contact": "me", "bailiwick.tier": "low", "bailiwick.lifecycle": "active", "note": "x",
		} {
			want := 403
			if l == authz.CanManage || key == "note" && l >= authz.CanRun {
				want = 200
			}
			for path, body := range map[string]fields{
				"experiments/set-experiment-tag":    {"experiment_id": id, "key": key, "value": value},
				"experiments/delete-experiment-tag": {"experiment_id": id, "key": key},
			} {
				if path == "experiments/delete-experiment-tag" && want == 200 {
					w.ok("experiments/set-experiment-tag", fields{"experiment_id": id, "key": key, "value": value})
				}
				if a := w.post(ben, path, body); a.Status != want {
					t.Errorf("%s with %s, %s: %d %s", path, l, key, a.Status, a.Body)
				}
			}
		}
	}
	w.ok("experiments/set-experiment-tag", fields{"experiment_id": id, "key": "bailiwick.contact", "value": "#ask-churn"})
	w.share(number(t, id), w.PrincipalID("ben@example.org"), authz.CanRead)
	refused(t, "asks", w.post(ben, "experiments/set-experiment-tag", fields{"experiment_id": id, "key": "a", "value": "b"}), 403,
		"PERMISSION_DENIED", "Ask #ask-churn.")
	hidden := newWorld(t)
	hid := hidden.experiment("churn")
	hidden.ok("experiments/set-experiment-tag", fields{"experiment_id": hid, "key": "bailiwick.contact", "value": "#ask-churn"})
	cyd := hidden.User("cyd@example.org")
	hidden.Admin("PATCH", "/api/2.0/workspace-conf", fields{authz.SettingEnforceView: "true"})
	if a := hidden.get(cyd, "experiments/get?experiment_id="+hid); a.Status != 404 || strings.Contains(string(a.Body), "ask-churn") {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}

// TestSearchByOwner: the search follows changes of the owner, and of the name of who made or owns an experiment.
func TestSearchByOwner(t *testing.T) {
	w := newWorld(t)
	w.User("ben@example.org")
	id, other := w.experiment("/Users/ann@example.org/one"), w.experiment("/Users/ann@example.org/two")
	// Both may be made in one millisecond, and then nothing says which is the newer.
	by := func(owner string) string {
		names := strings.Fields(w.found(`tags."bailiwick.owner" = '` + owner + `'`))
		slices.Sort(names)
		return strings.Join(names, " ")
	}
	one, two := "/Users/ann@example.org/one", "/Users/ann@example.org/two"
	if got := by("ann@example.org"); got != one+" "+two {
		t.Errorf("made: %q", got)
	}
	w.ok("experiments/set-experiment-tag", fields{"experiment_id": id, "key": "bailiwick.owner", "value": "ben@example.org"})
	if a, b := by("ann@example.org"), by("ben@example.org"); a != two || b != one {
		t.Errorf("given: %q %q", a, b)
	}
	w.rename("ben@example.org", "benedict@example.org")
	w.rename("ann@example.org", "anna@example.org")
	if a, b := by("ben@example.org"), by("benedict@example.org"); a != "" || b != one {
		t.Errorf("renamed: %q %q", a, b)
	}
	if got := w.found(`tags."mlflow.ownerEmail" = 'anna@example.org'`); len(strings.Fields(got)) != 2 {
		t.Errorf("creator renamed: %q", got)
	}
	page := w.post(servertest.AdminToken, "experiments/search", fields{"max_results": 100})
	if body := string(page.Body); strings.Contains(body, `"ben@example.org"`) || strings.Contains(body, `"ann@example.org"`) {
		t.Errorf("old names: %s", body)
	}
	w.ok("experiments/set-experiment-tag", fields{"experiment_id": other, "key": "bailiwick.tier", "value": "critical"})
	if got := w.found(`tags."bailiwick.tier" = 'critical'`); got != two {
		t.Errorf("tier: %q", got)
	}
	w.Govern(func(tx *store.Tx) ([]authz.Event, error) {
		return []authz.Event{{Op: authz.DropPrincipal, Principal: &authz.Principal{ID: w.PrincipalID("benedict@example.org")}}}, nil
	})
	if got := by("benedict@example.org"); got != "" {
		t.Errorf("removed: %q", got)
	}
}

func (w *world) rename(from, to string) {
	w.t.Helper()
	id := w.PrincipalID(from)
	w.Govern(func(tx *store.Tx) ([]authz.Event, error) {
		p, _ := tx.Map.Principal(id)
		next := *p
		next.Name = to
		return []authz.Event{{Op: authz.PutPrincipal, Principal: &next}}, nil
	})
}

func TestRequiredTags(t *testing.T) {
	w := newWorld(t)
	require := func(object string, tags ...fields) {
		t.Helper()
		w.Admin("PUT", "/api/governance/1.0/required-tags?object="+object, fields{"required_tags": tags})
	}
	require("/Users/ann@example.org", fields{"key": "team", "allowed": []string{"red", "blue"}})
	require("directories/0", fields{"key": "bailiwick.lifecycle"})
	create := func(name string, tags ...string) servertest.Answer {
		var all []fields
		for i := 0; i < len(tags); i += 2 {
			all = append(all, fields{"key": tags[i], "value": tags[i+1]})
		}
		return w.post(w.ann, "experiments/create", fields{"name": name, "tags": all})
	}
	refuse := func(what string, a servertest.Answer, words string) {
		t.Helper()
		refused(t, what, a, 400, "INVALID_PARAMETER_VALUE", words)
	}
	refuse("no tags", create("e"), `The tag "team" is missing. Every experiment in directory /Users/ann@example.org must have it, with one of red, blue; admin asked for it.`)
	refuse("in a new folder", create("new/e"), `"team" is missing`)
	refuse("not allowed", create("e", "team", "green", "bailiwick.lifecycle", "active"), `cannot be "green"`)
	refuse("that of the root", create("e", "team", "red"), `"bailiwick.lifecycle" is missing`)
	refuse("an impossible value", create("e", "team", "red", "bailiwick.lifecycle", "young"), "must be one of experimental")
	id := w.good(create("e", "team", "red", "bailiwick.lifecycle", "active"), "all given").Text("experiment_id")
	for what, c := range map[string]struct {
		path, key, value string
		words            string
	}{
		"taken away":          {"experiments/delete-experiment-tag", "team", "", `"team" is missing`},
		"emptied":             {"experiments/set-experiment-tag", "team", "", `"team" is missing`},
		"changed":             {"experiments/set-experiment-tag", "team", "green", `cannot be "green"`},
		"governed taken away": {"experiments/delete-experiment-tag", "bailiwick.lifecycle", "", `"bailiwick.lifecycle" is missing`},
		"governed emptied":    {"experiments/set-experiment-tag", "bailiwick.lifecycle", "", `"bailiwick.lifecycle" is missing`},
	} {
		body := fields{"experiment_id": id, "key": c.key}
		if strings.Contains(c.path, "set") {
			body["value"] = c.value
		}
		refuse(what, w.post(w.ann, c.path, body), c.words)
	}
	w.ok("experiments/set-experiment-tag", fields{"experiment_id": id, "key": "team", "value": "blue"})
	w.ok("experiments/set-experiment-tag", fields{"experiment_id": id, "key": "bailiwick.lifecycle", "value": "retired"})
	require("/Users/ann@example.org")
	require("directories/0")
	w.good(create("free"), "nothing is required any more")
	w.ok("experiments/delete-experiment-tag", fields{"experiment_id": id, "key": "team"})
}

// TestRequiredTagsOfDefaults: an experiment that is made on the way is made by the same rule.
func TestRequiredTagsOfDefaults(t *testing.T) {
	w := newWorld(t, func(c *server.Config) { c.DefaultExperiment = "home" })
	w.Admin("PUT", "/api/governance/1.0/required-tags?object=/Users", fields{"required_tags": []fields{{"key": "team"}}})
	refused(t, "run in the default", w.post(w.ann, "runs/create", fields{"experiment_id": "0", "start_time": 1}), 400,
		"INVALID_PARAMETER_VALUE", `"team" is missing`)
}
