package governance_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"bailiwick/authz"
	"bailiwick/policy"
	"bailiwick/server/servertest"
	"bailiwick/store"
)

func (o *office) put(text string, more ...any) servertest.Answer {
	body := map[string]any{"text": text, "reason": "test"}
	for i := 0; i < len(more); i += 2 {
		body[more[i].(string)] = more[i+1]
	}
	return o.Do(o.tokens["admin"], "PUT", root+"/policies", body)
}

const noView = `@id("embargo") @message("The embargo ends in May.")
forbid (principal == User::"bob@x.org", action in [Action::"view-runs", Action::"view-items"], resource == Experiment::"/Users/ann@x.org/churn");
@id("guests") permit (principal == User::"cyd@x.org", action in [Action::"view-runs", Action::"view-items"], resource in Directory::"/Users/ann@x.org");`

func TestPoliciesReachListsAndRefusals(t *testing.T) {
	o := newOffice(t)
	found := func(who string) bool {
		a := o.as(t, who, "POST", "/api/2.0/mlflow/experiments/search", map[string]any{"max_results": 100})
		runs := o.as(t, who, "POST", "/api/2.0/mlflow/runs/search", map[string]any{"experiment_ids": []string{o.experiment}})
		listed := strings.Contains(string(a.Body), `"`+o.experiment+`"`)
		if has := strings.Contains(string(runs.Body), o.run); has != listed {
			t.Fatalf("%s: experiment listed %v, run found %v", who, listed, has)
		}
		return listed
	}
	if !found("bob") || found("cyd") {
		t.Fatal("before")
	}
	if a := o.put(noView); a.Status != 200 || a.Text("version") != "1" || a.Text("author.name") != "admin" {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	if found("bob") || !found("cyd") {
		t.Fatal("after")
	}
	refused := o.Do(o.tokens["bob"], "GET", "/api/2.0/mlflow/runs/get?run_id="+o.run, nil)
	if refused.Status != 403 || !strings.Contains(string(refused.Body), `Policy \"embargo\" forbids bob@x.org`) || !strings.Contains(string(refused.Body), "ends in May") {
		t.Fatalf("%d %s", refused.Status, refused.Body)
	}
	trail := o.Do(o.tokens["admin"], "GET", root+"/audit?result=denied", nil)
	if !strings.Contains(string(trail.Body), "embargo") {
		t.Fatalf("the refusal's entry does not name the policy: %s", trail.Body)
	}
	if a := o.as(t, "admin", "POST", root+"/policies/rollback", map[string]any{"reason": "over"}); a.Text("version") != "2" || !found("bob") || found("cyd") {
		t.Fatalf("%s", a.Body)
	}
}

func TestPoliciesAreRefused(t *testing.T) {
	o := newOffice(t)
	for name, c := range map[string]struct {
		a      servertest.Answer
		status int
		text   string
	}{
		"mistyped":         {o.put("@id(\"a\")\npermit (principal, action == Action::\"fly\", resource);"), 400, "2:30: There is no ability"},
		"nobody":           {o.put("@id(\"a\") permit (principal == User::\"zoe\", action, resource);"), 400, "1:31:"},
		"other version":    {o.put("", "expected_version", 3), 409, "at version 0"},
		"no manager":       {o.put(`@id("a") forbid (principal, action == Action::"change-permissions", resource);`), 400, "Nobody could manage"},
		"not one's right":  {o.Do(o.tokens["ann"], "PUT", root+"/policies", map[string]any{"text": ""}), 403, "Change roles and policies"},
		"nor to read":      {o.Do(o.tokens["ann"], "GET", root+"/policies", nil), 403, "Read roles and policies"},
		"auditors read":    {o.Do(o.tokens["eve"], "GET", root+"/policies", nil), 200, `"version":0`},
		"no such version":  {o.Do(o.tokens["admin"], "GET", root+"/policies/versions/7", nil), 404, "no version 7"},
		"no token assumes": {o.Do(o.tokens["ann"], "PUT", root+"/roles/x/session", map[string]any{}), 403, "no role"},
	} {
		if c.a.Status != c.status || !strings.Contains(string(c.a.Body), c.text) {
			t.Errorf("%s: %d %s", name, c.a.Status, c.a.Body)
		}
	}
	forced := o.put(`@id("a") forbid (principal, action, resource);`, "force", true)
	if forced.Status != 200 {
		t.Fatalf("%d %s", forced.Status, forced.Body)
	}
	if a := o.Do(o.tokens["admin"], "POST", "/api/2.0/mlflow/experiments/search", map[string]any{"max_results": 9}); strings.Contains(string(a.Body), o.experiment) {
		t.Fatalf("%s", a.Body)
	}
	if a := o.put(""); a.Status != 200 {
		t.Fatalf("administrators cannot be kept from undoing it: %d %s", a.Status, a.Body)
	}
}

func TestPolicyCheckSaysWhoGainsAndLoses(t *testing.T) {
	o := newOffice(t)
	a := o.as(t, "admin", "POST", root+"/policies/check", map[string]any{"text": noView})
	for _, want := range []string{`"policies":2`, `"bob@x.org"`, `"cyd@x.org"`, "View run info"} {
		if !strings.Contains(string(a.Body), want) {
			t.Errorf("%s lacks %s", a.Body, want)
		}
	}
	a = o.as(t, "admin", "POST", root+"/policies/check", map[string]any{"text": "@id(\"a\")\npermit (principal);"})
	if !strings.Contains(string(a.Body), `"line":2`) {
		t.Errorf("%s", a.Body)
	}
}

// approve asks for a transition as somebody and has it approved by ann in her browser, who signed in with claims.
func TestClaimsCountAtRunTime(t *testing.T) {
	o := newOffice(t)
	o.as(t, "ann", "POST", "/api/2.0/mlflow/registered-models/create", map[string]any{"name": "churn"})
	o.as(t, "ann", "PUT", "/api/2.0/mlflow-artifacts/artifacts/"+o.experiment+"/"+o.run+"/artifacts/model/MLmodel", []byte("x"))
	o.as(t, "ann", "POST", "/api/2.0/mlflow/model-versions/create", map[string]any{"name": "churn", "source": "runs:/" + o.run + "/model", "run_id": o.run})
	if a := o.put(`@id("approvers") @claim("stage-approver")
forbid (principal, action in [Action::"decide-any", Action::"decide-staging"], resource) unless { context.claims.contains("stage-approver") };`); a.Status != 200 {
		t.Fatalf("%s", a.Body)
	}
	page := open(t, o.Server)
	page.signIn(object{"token": o.tokens["ann"]})
	claims := func(roles ...string) {
		o.Govern(func(tx *store.Tx) (events []authz.Event, err error) {
			for c := range tx.Map.Credentials(o.PrincipalID("ann@x.org")) {
				if next := *c; c.Session {
					next.By = &authz.Assertion{Provider: "corp", Subject: "1", Roles: roles}
					events = append(events, authz.Event{Op: authz.PutCredential, Credential: &next})
				}
			}
			return events, nil
		})
	}
	approve := func() servertest.Answer {
		ask := o.Do(o.tokens["admin"], "POST", "/api/2.0/mlflow/transition-requests/create", map[string]any{"name": "churn", "version": "1", "stage": "Staging"})
		if ask.Status != 200 && !strings.Contains(string(ask.Body), "already") {
			t.Fatalf("%d %s", ask.Status, ask.Body)
		}
		return page.do("POST", "/api/2.0/mlflow/transition-requests/approve", map[string]any{"name": "churn", "version": "1", "stage": "Staging",
			"archive_existing_versions": false})
	}
	claims("other")
	if a := approve(); a.Status != http.StatusForbidden || !strings.Contains(string(a.Body), `takes the claim \"stage-approver\"`) {
		t.Fatalf("without the claim: %d %s", a.Status, a.Body)
	}
	claims("other", "stage-approver")
	if a := approve(); a.Status != 200 {
		t.Fatalf("with the claim: %d %s", a.Status, a.Body)
	}
}

func TestRolesOfASession(t *testing.T) {
	o := newOffice(t)
	if a := o.put("roles:\n  helper:\n    assumed_by: [\"user:cyd@x.org\"]\n    gives:\n      - level: CAN_READ\n        on: \"directory:/Users/ann@x.org\"\n"); a.Status != 200 {
		t.Fatalf("%s", a.Body)
	}
	page := open(t, o.Server)
	page.signIn(object{"token": o.tokens["cyd"]})
	look := func() int { return page.do("GET", "/api/2.0/mlflow/runs/get?run_id="+o.run, nil).Status }
	if look() != 403 {
		t.Fatal("before it was assumed")
	}
	if a := page.do("PUT", root+"/roles/helper/session", object{}); a.Status != 200 || a.Text("assumed[0]") == "nothing" || look() != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	if a := o.Do(o.tokens["cyd"], "GET", "/api/2.0/mlflow/runs/get?run_id="+o.run, nil); a.Status != 403 {
		t.Fatalf("another credential has it: %d", a.Status)
	}
	if a := page.do("DELETE", root+"/roles/helper/session", object{}); a.Status != 200 || look() != 403 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
}

// TestRolesOfADirectory holds that a SCIM role gives the role of that name; and takes it when it goes; an ARN is kept and gives
// nothing.
func TestRolesOfADirectory(t *testing.T) {
	o := newOffice(t)
	text := "roles:\n  helper:\n    gives:\n      - level: CAN_READ\n        on: \"directory:/Users/ann@x.org\"\n"
	if a := o.put(text); a.Status != 200 {
		t.Fatalf("%s", a.Body)
	}
	look := func() int { return o.Do(o.tokens["cyd"], "GET", "/api/2.0/mlflow/runs/get?run_id="+o.run, nil).Status }
	scim := "/api/2.0/preview/scim/v2/Users/" + o.Do(o.tokens["cyd"], "GET", "/api/2.0/preview/scim/v2/Me", nil).Text("id")
	patch := func(op string, roles ...any) {
		t.Helper()
		body := object{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"}, "Operations": []any{object{"op": op, "path": "roles", "value": roles}}}
		if a := o.Do(o.tokens["admin"], "PATCH", scim, body); a.Status >= 300 {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
	}
	if look() != 403 {
		t.Fatal("before")
	}
	patch("replace", object{"value": "arn:aws:iam::1:instance-profile/helper"})
	if look() != 403 {
		t.Fatal("an ARN gives something")
	}
	patch("add", object{"value": "helper"}, object{"value": "nobody-knows"})
	if look() != 200 {
		t.Fatal("the role of the directory is not held")
	}
	if a := o.Do(o.tokens["admin"], "GET", scim, nil); !strings.Contains(string(a.Body), "arn:aws:iam") {
		t.Errorf("the ARN is not kept: %s", a.Body)
	}
	patch("replace", object{"value": "nobody-knows"})
	if look() != 403 {
		t.Fatal("a role that is gone is still held")
	}
}

// TestExamplesOfThePage holds that each example of docs/policies.md can be read and says what it says.
func TestExamplesOfThePage(t *testing.T) {
	page, err := os.ReadFile("../../docs/policies.md")
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(page), "```cedar\n")[1:]
	if len(parts) != 5 {
		t.Fatalf("%d examples", len(parts))
	}
	o := newOffice(t)
	for i, part := range parts {
		text, _, _ := strings.Cut(part, "```")
		if _, err := policy.Check(text); err != nil {
			t.Errorf("example %d: %v", i+1, err)
		}
		if a := o.put(strings.NewReplacer("/Shared/fraud", "/Shared", "ml-leads", "team", "oncall", "team", "contractors", "team").Replace(text)); a.Status != 200 {
			t.Errorf("example %d: %d %s", i+1, a.Status, a.Body)
		}
	}
	if a := o.as(t, "admin", "GET", root+"/policies/versions", nil); a.Text("versions[0].version") == "" && !strings.Contains(string(a.Body), fmt.Sprintf(`"version":%d`, len(parts))) {
		t.Fatalf("%s", a.Body)
	}
}
