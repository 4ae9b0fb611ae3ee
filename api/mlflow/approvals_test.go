package mlflow_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"bailiwick/registry"
	"bailiwick/server/servertest"
	"bailiwick/store"
)

const governed = "/api/governance/1.0/models/churn"

// approve asks ben's request to be approved by ann.
func (w *world) decide(token, version, stage string) servertest.Answer {
	w.t.Helper()
	return w.post(token, "transition-requests/approve", stepOf("churn", version, stage))
}

func (w *world) put(path string, body fields) servertest.Answer {
	w.t.Helper()
	return w.good(w.Do(w.ann, "PUT", governed+path, body), path)
}

// TestTwoPersons: with the rule on, who asks does not approve, nobody moves directly, not even an administrator, aliases mean what is in
// Production, and a Production version is archived before it is deleted. A model may ask for the rule where the workspace does not, and cannot lift the workspace's.
func TestTwoPersons(t *testing.T) {
	w := newWorld(t)
	model := w.registered("churn")
	manager := w.levels(model)[4]
	conf := func(value string) {
		w.Admin("PATCH", "/api/2.0/workspace-conf", fields{registry.SettingTwoPersons: value})
	}
	inForce := func(choice, want string) {
		w.put("/two-persons", fields{"two_persons": choice})
		if a := w.Do(manager, "GET", governed+"/two-persons", nil); a.Text("in_force") != want || a.Text("two_persons") != choice {
			t.Errorf("%s: %s", choice, a.Body)
		}
	}
	inForce("inherit", "false")
	conf("true")
	inForce("inherit", "true")
	lift := w.Do(w.ann, "PUT", governed+"/two-persons", fields{"two_persons": "no"})
	refused(t, "lift the workspace's rule", lift, 400, "INVALID_PARAMETER_VALUE", "No model can lift")
	conf("false")
	inForce("yes", "true")
	w.twoPersonsHold(model, manager)
	inForce("inherit", "false")
	w.ok(direct, stepOf("churn", w.inStage(model, registry.StageNone), "Production"))
	a := w.Do(w.ann, "PUT", governed+"/two-persons", fields{"two_persons": "maybe"})
	refused(t, "no choice", a, 400, "INVALID_PARAMETER_VALUE", "yes, or inherit")
	a = w.Do(servertest.AdminToken, "PATCH", "/api/2.0/workspace-conf", fields{registry.SettingTwoPersons: "perhaps"})
	refused(t, "no setting", a, 400, "INVALID_PARAMETER_VALUE", "true or false")
}

func (w *world) twoPersonsHold(model int64, manager string) {
	w.t.Helper()
	t, v := w.t, w.inStage(model, registry.StageNone)
	for _, token := range []string{w.ann, manager, servertest.AdminToken} {
		for _, route := range []string{direct, databricks} {
			refused(t, route, w.post(token, route, stepOf("churn", v, "Production")), 403, "PERMISSION_DENIED", "two persons")
		}
	}
	alias := fields{"name": "churn", "version": v, "alias": "champion"}
	refused(t, "alias", w.post(w.ann, "registered-models/alias", alias), 403, "PERMISSION_DENIED", "two persons")
	w.ok("transition-requests/create", stepOf("churn", v, "Production"))
	refused(t, "own request", w.decide(w.ann, v, "Production"), 403, "PERMISSION_DENIED", "does not approve it")
	own, others := w.get(w.ann, "transition-requests/list?name=churn&version="+v), w.get(manager, "transition-requests/list?name=churn&version="+v)
	if got := actions(own, "requests.0") + " / " + actions(others, "requests.0"); got != "REJECT_TRANSITION_REQUEST CANCEL_TRANSITION_REQUEST / "+
		"APPROVE_TRANSITION_REQUEST REJECT_TRANSITION_REQUEST" {
		t.Errorf("actions: %s", got)
	}
	w.good(w.decide(manager, v, "Production"), "by somebody else")
	w.ok("registered-models/alias", alias)
	remove := "model-versions/delete"
	a := w.Do(w.ann, "DELETE", tracking+remove, fields{"name": "churn", "version": v})
	refused(t, "deleting", a, 400, "INVALID_STATE", "archive it")
	w.ok(direct, stepOf("churn", v, "Archived"))
	w.good(w.Do(w.ann, "DELETE", tracking+remove, fields{"name": "churn", "version": v}), "deleting what is archived")
	w.ok(direct, stepOf("churn", w.inStage(model, registry.StageNone), "Staging"))
}

// actions are what the viewer of an answer may do about something in it.
func actions(a servertest.Answer, at string) string {
	list, _ := a.JSON(at + ".available_actions").([]any)
	var names []string
	for _, name := range list {
		names = append(names, name.(string))
	}
	return strings.Join(names, " ")
}

// check posts a check of a version of churn.
func (w *world) check(version string, body fields) servertest.Answer {
	w.t.Helper()
	return w.Do(w.ann, "POST", governed+"/versions/"+version+"/checks", body)
}

func checkOf(name, state, digest string) fields {
	return fields{"name": name, "state": state, "digest": digest}
}

// TestRequiredChecks: neither a direct move nor an approval gets past a required check that is missing, did not pass or is of other bytes.
func TestRequiredChecks(t *testing.T) {
	w := newWorld(t)
	model := w.registered("churn")
	w.put("/required-checks", fields{"required_checks": []fields{{"stage": "production", "name": "lint"}, {"stage": "Production", "name": "bias"}}})
	v, digest := w.inStage(model, registry.StageNone), hexDigest(manifestOf(t, "bytes"))
	w.ok(direct, stepOf("churn", v, "Staging"))
	for _, c := range []struct{ name, state, words string }{
		{"", "", `"bias" was not posted; "lint" was not posted`},
		{"lint", "success", `"bias" was not posted.`},
		{"bias", "pending", `"bias" is pending.`},
		{"bias", "failure", `"bias" is failure.`},
		{"bias", "error", `"bias" is error.`},
	} {
		if c.name != "" {
			w.good(w.check(v, checkOf(c.name, c.state, digest)), c.name)
		}
		w.ok("transition-requests/create", stepOf("churn", v, "Production"))
		for _, route := range []string{direct, databricks, "transition-requests/approve"} {
			refused(t, route, w.post(w.ann, route, stepOf("churn", v, "Production")), 400, "INVALID_STATE", c.words)
		}
		w.ok("transition-requests/reject", stepOf("churn", v, "Production"))
	}
	a := w.good(w.check(v, with(checkOf("bias", "success", digest), "url", "https://ci.example.org/7")), "passing")
	if a.Text("current") != "true" || a.Text("user_id") != "ann@example.org" {
		t.Errorf("%s", a.Body)
	}
	w.ok(direct, stepOf("churn", v, "Production"))
	all := w.Do(w.ann, "GET", governed+"/versions/"+v+"/checks", nil)
	if all.Text("digest") != digest || strings.Join(texts(all, "checks", "name"), " ") != "bias lint" ||
		all.Text("checks.0.url") != "https://ci.example.org/7" {
		t.Errorf("%s", all.Body)
	}
	unmet := w.Do(w.ann, "GET", governed+"/versions/"+w.inStage(model, registry.StageNone)+"/checks", nil)
	if unmet.Text("unmet.Production.1") != `"lint" was not posted` {
		t.Errorf("%s", unmet.Body)
	}
	list := w.Do(w.ann, "GET", governed+"/required-checks", nil)
	if strings.Join(texts(list, "required_checks", "stage"), " ") != "Production Production" {
		t.Errorf("%s", list.Body)
	}
}

// TestCheckInput: what cannot be a check of the version is refused.
func TestCheckInput(t *testing.T) {
	w := newWorld(t)
	model := w.registered("churn")
	v, digest := w.inStage(model, registry.StageNone), hexDigest(manifestOf(t, "bytes"))
	pending := w.inserted(&registry.Version{Model: model, Status: registry.Pending, Source: "x"}, nil)
	for _, c := range []struct {
		version    string
		body       fields
		code       string
		status     int
		saysOfThat string
	}{
		{v, checkOf("lint", "fine", digest), "INVALID_PARAMETER_VALUE", 400, "pending, success, failure, error"},
		{v, checkOf("", "success", digest), "INVALID_PARAMETER_VALUE", 400, "name"},
		{v, checkOf("lint", "success", ""), "INVALID_PARAMETER_VALUE", 400, "digest"},
		{v, checkOf("lint", "success", hexDigest(manifestOf(t, "other"))), "INVALID_STATE", 400, "other bytes"},
		{pending, checkOf("lint", "success", digest), "INVALID_STATE", 400, "no digest"},
		{"77", checkOf("lint", "success", digest), "RESOURCE_DOES_NOT_EXIST", 404, "version=77"},
		{"one", checkOf("lint", "success", digest), "INVALID_PARAMETER_VALUE", 400, "version"},
	} {
		refused(t, c.saysOfThat, w.check(c.version, c.body), c.status, c.code, c.saysOfThat)
	}
	a := w.Do(w.ann, "PUT", governed+"/required-checks", fields{"required_checks": []fields{{"stage": "Nowhere", "name": "x"}}})
	refused(t, "stage", a, 400, "INVALID_PARAMETER_VALUE", "Nowhere")
}

// TestApprovalIsOfBytes: what is approved is what was asked for. Other checks, and other bytes, are not.
func TestApprovalIsOfBytes(t *testing.T) {
	w := newWorld(t)
	model := w.registered("churn")
	digest := hexDigest(manifestOf(t, "bytes"))
	v := w.inStage(model, registry.StageNone)
	w.good(w.check(v, checkOf("lint", "pending", digest)), "check")
	w.ok("transition-requests/create", stepOf("churn", v, "Staging"))
	w.good(w.check(v, checkOf("lint", "failure", digest)), "check")
	refused(t, "other checks", w.decide(w.ann, v, "Staging"), 409, "RESOURCE_CONFLICT", `"lint" was pending and is failure`)
	w.good(w.check(v, checkOf("lint", "pending", digest)), "check")
	w.good(w.decide(w.ann, v, "Staging"), "as it was")

	copied := &registry.Version{Model: model, Status: registry.Pending, Source: "x"}
	v = w.inserted(copied, nil)
	w.ok("transition-requests/create", stepOf("churn", v, "Staging"))
	refused(t, "no bytes", w.decide(w.ann, v, "Staging"), 400, "INVALID_STATE", "PENDING_REGISTRATION")
	w.arrives(copied, "late")
	refused(t, "other bytes", w.decide(w.ann, v, "Staging"), 409, "RESOURCE_CONFLICT", "its bytes have changed")
	w.ok("transition-requests/reject", stepOf("churn", v, "Staging"))
	w.ok("transition-requests/create", stepOf("churn", v, "Staging"))
	w.good(w.decide(w.ann, v, "Staging"), "asked anew")
}

// arrives makes a pending version ready, as the worker that copied its bytes does.
func (w *world) arrives(v *registry.Version, text string) {
	w.t.Helper()
	ctx := context.Background()
	err := w.Store.Write(ctx, func(tx *store.Tx) error { return tx.QueueCopy(v.Key(), "x") })
	if err == nil {
		err = w.Store.EndCopy(ctx, store.Copy{Key: v.Key(), Source: "x"}, manifestOf(w.t, text), "")
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// TestActivities: what was done with a version, newest first and in pages, with what the viewer may do.
func TestActivities(t *testing.T) {
	w := newWorld(t)
	model := w.registered("churn")
	tokens := w.levels(model)
	reader, staging := tokens[1], tokens[3]
	v := w.inStage(model, registry.StageNone)
	w.good(w.post(reader, "transition-requests/create", with(stepOf("churn", v, "Staging"), "comment", "please")), "ask")
	w.good(w.post(reader, "comments/create", fields{"name": "churn", "version": v, "comment": "look"}), "comment")
	w.good(w.post(staging, "transition-requests/create", stepOf("churn", v, "Production")), "ask")
	w.good(w.decide(staging, v, "Staging"), "approve")
	w.ok(databricks, with(stepOf("churn", v, "None"), "comment", "not yet"))
	w.ok("transition-requests/reject", stepOf("churn", v, "Production"))
	of := governed + "/versions/" + v + "/activities"
	all := w.Do(reader, "GET", of, nil)
	if got := strings.Join(texts(all, "activities", "activity_type"), " "); got != "REJECTED_REQUEST APPLIED_TRANSITION APPROVED_REQUEST "+
		"REQUESTED_TRANSITION NEW_COMMENT REQUESTED_TRANSITION" {
		t.Errorf("%s", all.Body)
	}
	if all.Text("activities.1.comment") != "not yet" || all.Text("activities.4.comment") != "look" ||
		actions(all, "activities.4") != "EDIT_COMMENT DELETE_COMMENT" ||
		actions(all, "activities.5") != "" || actions(w.Do(staging, "GET", of, nil), "activities.4") != "" {
		t.Errorf("%s", all.Body)
	}
	w.good(w.post(reader, "transition-requests/create", stepOf("churn", v, "Staging")), "ask")
	for token, want := range map[string]string{
		reader: "CANCEL_TRANSITION_REQUEST", tokens[2]: "", staging: "APPROVE_TRANSITION_REQUEST REJECT_TRANSITION_REQUEST",
		w.ann: "APPROVE_TRANSITION_REQUEST REJECT_TRANSITION_REQUEST CANCEL_TRANSITION_REQUEST",
	} {
		a, b := w.Do(token, "GET", of+"?max_results=1", nil), w.get(token, "transition-requests/list?name=churn&version="+v)
		if actions(a, "activities.0") != want || actions(b, "requests.0") != want || a.Text("activities.0.id") != b.Text("requests.0.id") {
			t.Errorf("want %q: %s %s", want, a.Body, b.Body)
		}
	}
	w.pagesOf(of, 7)
}

// pagesOf reads a list page by page.
func (w *world) pagesOf(path string, want int) {
	w.t.Helper()
	seen, token := map[string]bool{}, ""
	for range want + 1 {
		a := w.good(w.Do(w.ann, "GET", path+"?max_results=2&page_token="+token, nil), "page")
		for _, id := range texts(a, "activities", "id") {
			seen[id+a.Text("activities.0.activity_type")] = true
		}
		if token = a.Text("next_page_token"); token == "" {
			break
		}
	}
	if len(seen) != want || token != "" {
		w.t.Errorf("%d in pages, want %d", len(seen), want)
	}
	refused(w.t, "token", w.Do(w.ann, "GET", path+"?page_token=x", nil), 400, "INVALID_PARAMETER_VALUE", "page_token")
	refused(w.t, "size", w.Do(w.ann, "GET", path+"?max_results=-1", nil), 400, "INVALID_PARAMETER_VALUE", "max_results")
}

// TestComments: who wrote a comment changes and deletes it, and nobody else, whatever his level.
func TestComments(t *testing.T) {
	w := newWorld(t)
	model := w.registered("churn")
	tokens := w.levels(model)
	v := w.inStage(model, registry.StageNone)
	a := w.good(w.post(tokens[1], "comments/create", fields{"name": "churn", "version": v, "comment": "first"}), "comment")
	id := a.Text("comment.id")
	if a.Text("comment.user_id") != "level1@example.org" || actions(a, "comment") != "EDIT_COMMENT DELETE_COMMENT" {
		t.Errorf("%s", a.Body)
	}
	for _, token := range []string{tokens[2], tokens[5], servertest.AdminToken} {
		a := w.Do(token, "PATCH", tracking+"comments/update", fields{"id": id, "comment": "x"})
		refused(t, "editing another's", a, 403, "PERMISSION_DENIED", "level1")
		a = w.Do(token, "DELETE", tracking+"comments/delete?id="+id, nil)
		refused(t, "deleting another's", a, 403, "PERMISSION_DENIED", "level1")
	}
	refused(t, "a stranger's", w.Do(tokens[0], "DELETE", tracking+"comments/delete?id="+id, nil), 404, "RESOURCE_DOES_NOT_EXIST", "id="+id)
	refused(t, "none", w.Do(tokens[0], "DELETE", tracking+"comments/delete?id=77", nil), 404, "RESOURCE_DOES_NOT_EXIST", "id=77")
	empty := w.post(tokens[1], "comments/create", fields{"name": "churn", "version": v, "comment": " "})
	refused(t, "empty", empty, 400, "INVALID_PARAMETER_VALUE", "comment")
	changed := w.good(w.Do(tokens[1], "PATCH", tracking+"comments/update", fields{"id": id, "comment": "second"}), "edit")
	if changed.Text("comment.comment") != "second" || changed.Text("comment.id") != id {
		t.Errorf("%s", changed.Body)
	}
	w.share(model, w.PrincipalID("level1@example.org"), modelLevels[0])
	refused(t, "without a level", w.Do(tokens[1], "DELETE", tracking+"comments/delete?id="+id, nil), 404, "RESOURCE_DOES_NOT_EXIST", "id="+id)
	w.share(model, w.PrincipalID("level1@example.org"), modelLevels[1])
	w.good(w.Do(tokens[1], "DELETE", tracking+"comments/delete?id="+id, nil), "delete")
	if left := w.Do(w.ann, "GET", governed+"/versions/"+v+"/activities", nil); left.JSON("activities.0") != nil {
		t.Errorf("%s", left.Body)
	}
}

// TestStagesInLedger: each change of a stage is an entry of its own with what was before and after, and why.
func TestStagesInLedger(t *testing.T) {
	w := newWorld(t)
	model := w.registered("churn")
	v := w.inStage(model, registry.StageNone)
	w.ok("transition-requests/create", stepOf("churn", v, "Staging"))
	w.ok("transition-requests/approve", with(stepOf("churn", v, "Staging"), "comment", "good"))
	w.ok(databricks, with(stepOf("churn", v, "Production"), "comment", "now"))
	a := w.Admin("GET", "/api/governance/1.0/audit?service=modelRegistry&class=A&max_results=3", nil)
	if got := strings.Join(texts(a, "events", "action_name"), " "); got != "transitionModelVersionStage approveTransitionRequest createTransitionRequest" {
		t.Fatalf("%s", a.Body)
	}
	text, _ := json.Marshal(a.JSON("events.0"))
	for _, words := range []string{`\"stage\":\"Staging\"`, `\"stage\":\"Production\"`, "now", "churn"} {
		if !strings.Contains(string(text), words) && !strings.Contains(string(text), strings.ReplaceAll(words, `\`, "")) {
			t.Errorf("no %s in %s", words, text)
		}
	}
}

// TestTwoPersonsInLedger: what somebody tries who may not do it alone is recorded as a refusal, though his level would give it.
func TestTwoPersonsInLedger(t *testing.T) {
	w := newWorld(t)
	v := w.inStage(w.registered("churn"), registry.StageNone)
	w.put("/two-persons", fields{"two_persons": "yes"})
	w.post(w.ann, direct, stepOf("churn", v, "Production"))
	w.ok("transition-requests/create", stepOf("churn", v, "Production"))
	w.decide(w.ann, v, "Production")
	a := w.Admin("GET", "/api/governance/1.0/audit?actor=ann@example.org&service=modelRegistry&class=A&max_results=3", nil)
	for i, want := range []string{"approveTransitionRequest", "createTransitionRequest", "transitionModelVersionStage"} {
		at := fmt.Sprintf("events.%d.", i)
		status := map[bool]string{true: "200", false: "403"}[i == 1]
		if a.Text(at+"action_name") != want || a.Text(at+"response.status_code") != status {
			t.Errorf("%d: %s", i, a.Body)
		}
	}
}
