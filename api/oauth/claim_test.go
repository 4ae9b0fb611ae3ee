package oauth_test

import (
	"strings"
	"testing"

	"bailiwick/issuer/issuertest"
	"bailiwick/server/servertest"
)

// TestApproverClaim: a claim that is gone at the next exchange approves nothing any more, and the refusal names it.
func TestApproverClaim(t *testing.T) {
	w := begin(t, withIssuer)
	p := issuertest.Start(t)
	if a := w.trust("ci", object{"issuer": p.URL, "subject": subject}); a.Status != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	const api = "/api/2.0/mlflow/"
	run := w.Admin("POST", api+"runs/create", object{"experiment_id": "0"}).Text("run.info.run_id")
	w.Admin("PUT", "/api/2.0/mlflow-artifacts/artifacts/0/"+run+"/artifacts/model/MLmodel", []byte("flavors: {}"))
	w.Admin("POST", api+"registered-models/create", object{"name": "churn"})
	w.Admin("POST", api+"model-versions/create", object{"name": "churn", "source": "runs:/" + run + "/model"})
	id := w.Admin("GET", api+"databricks/registered-models/get?name=churn", nil).Text("registered_model_databricks.id")
	w.Admin("PATCH", "/api/2.0/permissions/registered-models/"+id, object{"access_control_list": []any{
		object{"service_principal_name": robot, "permission_level": "CAN_MANAGE_PRODUCTION_VERSIONS"}}})
	w.Admin("PATCH", "/api/2.0/workspace-conf", object{"requireClaimForProduction": "stage-approver"})
	as := func(roles ...string) string {
		a := w.exchange(robot, p.Token(object{"sub": subject, "aud": w.account, "roles": roles}))
		if a.Status != 200 {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		return a.Text("access_token")
	}
	ask := object{"name": "churn", "version": "1", "stage": "Production", "archive_existing_versions": false}
	w.Admin("POST", api+"transition-requests/create", ask)
	refusal := func(token, path, words string) {
		t.Helper()
		if a := w.Do(token, "POST", api+path, ask); a.Status != 403 || !strings.Contains(a.Text("message"), words) {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
	}
	without := as("trainer")
	refusal(without, "transition-requests/approve", `the claim "stage-approver" here, which `+p.URL+" did not make of you")
	refusal(without, "databricks/model-versions/transition-stage", `the claim "stage-approver"`)
	refusal(without, "model-versions/transition-stage", `the claim "stage-approver"`)
	refusal(servertest.AdminToken, "transition-requests/approve", "this credential comes without claims")
	if a := w.Do(as("trainer", "stage-approver"), "POST", api+"transition-requests/approve", ask); a.Status != 200 {
		t.Errorf("with the claim: %d %s", a.Status, a.Body)
	}
	ask["stage"] = "Staging"
	if a := w.Do(without, "POST", api+"databricks/model-versions/transition-stage", ask); a.Status != 200 {
		t.Errorf("Staging takes no claim: %d %s", a.Status, a.Body)
	}
}
