package server_test

import (
	"strings"
	"testing"

	"bailiwick/api"
	"bailiwick/server/servertest"
)

// How a field that names something is bound.
const (
	finder  = "finder"  // the route's finder takes it, and the route's ability is decided on what it names
	within  = "within"  // it names something inside of what the finder found, and follows its decision
	further = "further" // one of the route's further abilities is decided on what it names
	scoped  = "scoped"  // of a list: it narrows what the caller's scope admits
	inert   = "inert: " // it is kept or compared as text and reaches nothing; the reason follows
)

// bindings says of each field that names something how it is bound: "FRONT FIELD", or "FRONT METHOD PATH FIELD" where a route differs.
var bindings = map[string]string{
	"mlflow experiment_id": finder, "mlflow experiment_name": finder, "mlflow experiment_ids": scoped,
	"mlflow run_id": finder, "mlflow run_uuid": finder, "mlflow run_ids": finder,
	"mlflow name": finder, "mlflow POST /experiments/create name": inert + "a new name, looked up in the caller's own home or decided on its folder",
	"mlflow POST /registered-models/create name":     inert + "a new name",
	"mlflow POST /registered-models/rename new_name": inert + "a new name",
	"mlflow deployment_job_id":                       inert + "taken and not kept: there are no jobs that deploy on this server",
	"mlflow POST /model-versions/create source":      further,
	"mlflow POST /model-versions/create run_id":      further,
	"mlflow POST /model-versions/create model_id":    further,
	"mlflow artifact_location":                       inert + "refused unless below a prefix that an administrator has allowed",
	"mlflow new_name":                                finder, "mlflow run_name": inert + "shown, never looked up",
	"mlflow user_id":      inert + "kept as a tag that says it is a claim; the server stamps the caller",
	"mlflow dataset_name": inert + "kept with the metric, never looked up", "mlflow dataset_digest": inert + "kept with the metric, never looked up",
	"mlflow model_id":                       finder,
	"mlflow POST /runs/log-metric model_id": further, "mlflow metrics.model_id": further,
	"mlflow metrics.run_id":       inert + "a metric belongs to the run of the request, whatever it says",
	"mlflow metrics.dataset_name": inert + "kept with the metric", "mlflow metrics.dataset_digest": inert + "kept with the metric",
	"mlflow path": within, "mlflow upload_id": within, "mlflow artifact_directory_path": within, "mlflow artifact_file_path": within,
	"mlflow source_run_id": further, "mlflow models.model_id": further,
	"mlflow order_by.field_name":   inert + "the name of a column of the search",
	"mlflow order_by.dataset_name": inert + "compared with metrics of models in scope", "mlflow order_by.dataset_digest": inert + "as above",
	"mlflow datasets.dataset_name": inert + "compared with metrics of models in scope", "mlflow datasets.dataset_digest": inert + "as above",
	"mlflow datasets.dataset.name": inert + "kept as text", "mlflow datasets.dataset.digest": inert + "kept as text",
	"mlflow datasets.dataset.source":   inert + "kept as text; this server never opens it",
	"mlflow PATCH /comments/update id": finder, "mlflow DELETE /comments/delete id": finder,
	"mlflow artifact_path": finder, "mlflow file_path": finder,
	"mlflow POST /logged-models name": inert + "a logged model's name is shown, never looked up",

	"mlflow webhook_id": finder, "mlflow POST /webhooks name": inert + "shown, never looked up",
	"mlflow PATCH /webhooks/{webhook_id} name":         inert + "as above",
	"mlflow POST /registry-webhooks/create model_name": finder, "mlflow GET /registry-webhooks/list model_name": further,
	"mlflow PATCH /registry-webhooks/update id": finder, "mlflow DELETE /registry-webhooks/delete id": finder,
	"mlflow POST /registry-webhooks/test id": finder,
	"mlflow job_spec.job_id":                 inert + "a job of another workspace, which is started there with the token that comes with it",

	"mlflow operation_name":        inert + "the name of a document, compared with the document's own",
	"mlflow variables.data.run_id": finder, "mlflow variables.data.run_uuid": finder, "mlflow variables.input.experiment_id": finder,
	"mlflow variables.data.run_ids": scoped, "mlflow variables.data.experiment_ids": scoped,

	"permissions id": finder, "permissions access_control_list.user_name": inert + "whom the entry is for: everybody may be named",
	"permissions access_control_list.group_name":             inert + "as user_name",
	"permissions access_control_list.service_principal_name": inert + "as user_name",

	"workspace path": finder,

	"tokens application_id": finder, "tokens token_id": finder, "tokens id": finder, "tokens created_by_id": scoped,

	"secrets initial_manage_principal": inert + "the group users, or refused",
	"secrets principal":                inert + "whom the entry is for: everybody may be named",
	"ip access lists id":               finder,

	"scim id": finder,

	"oauth client_id":    inert + "the name that goes with a secret, a code or a token of its own; compared with it",
	"oauth redirect_uri": inert + "compared with what the code was asked for with", "login-page client_id": finder,
	"login-page redirect_uri":      inert + "one of the client's registered addresses, or refused",
	"secrets service_principal_id": finder, "secrets secret_id": within, "federation service_principal_id": finder, "federation policy_id": within,
	"federation oidc_policy.jwks_uri": inert + "an outward address, called through the guarded dialer only",
	"rule-sets name":                  finder, "rule-sets rule_set.name": inert + "refused where it is another than the name",

	"governance object": finder, "governance principal": finder, "governance id": finder, "governance path": finder,
	"governance object_id": finder, "governance user_name": finder,
	"governance POST /models/{model}/versions/{version}/checks name":      inert + "the check's own name, compared with those that are required",
	"governance POST /models/{model}/versions/{version}/checks digest":    inert + "compared with the digest of the version that was found",
	"governance PUT /models/{model}/required-checks required_checks.name": inert + "the name of a check, compared with those that are posted",
	"governance GET /audit/download actor":                                inert + "as GET /audit", "governance GET /audit/download object": inert + "as GET /audit",
	"governance GET /audit/events/{id} id": inert + "an entry of the ledger, which needs read-audit as a whole",
	"governance GET /backups/{name} name":  finder, "governance DELETE /backups/{name} name": finder,
	"governance GET /changes object": further,
	"governance plan_id":             finder, "governance service_principal": further,
	"governance credential_id":                      finder,
	"governance POST /rotation/plans credential_id": within, // of the service principal, which it must belong to
	"governance webhook_id":                         finder, "governance delivery_id": within,
	"governance GET /artifacts/view run_id": finder, "governance GET /artifacts/view model_id": finder, "governance GET /artifacts/view name": finder,
	"governance GET /audit actor": inert + "narrows a list that needs read-audit", "governance GET /audit object": inert + "narrows a list that needs read-audit",
	"governance access_control_list.user_name":                      inert + "whom the entry is for: everybody may be named",
	"governance access_control_list.group_name":                     inert + "as user_name",
	"governance access_control_list.service_principal_name":         inert + "as user_name",
	"governance GET /credentials owner":                             finder,
	"governance GET /credentials/findings owner":                    finder,
	"governance finding_id":                                         inert + "a finding of the inventory, which the ability is for as a whole",
	"governance owner":                                              inert + "who is to own the object: everybody may be named",
	"governance POST /identity/directories name":                    inert + "a new name",
	"governance conflict_id":                                        finder,
	"governance PUT /identity/principals/{principal}/source source": inert + "the name of a source, kept as text",
	"governance GET /access-feed object":                            inert + "narrows what needs read-audit, or is about the caller; to him it exists only if he may know of it",
}

// TestFields walks the request of every route: each field that names something is bound in a known way, and no line of the table is idle.
func TestFields(t *testing.T) {
	s := servertest.Start(t)
	used := map[string]bool{}
	routes(s, func(f *api.Front, r *api.Route) {
		for _, x := range fieldsOf(r) {
			if !names(x.path) || r.Mode() == "open" {
				continue
			}
			line := r.Method + " " + r.Path
			key := f.Name + " " + line + " " + x.path
			how, ok := bindings[key]
			if !ok {
				key = f.Name + " " + x.path
				how, ok = bindings[key]
			}
			used[key] = true
			if !ok {
				t.Errorf("%s %s: field %q names something; say in the table of bindings how it is bound, or why it reaches nothing",
					f.Name, line, x.path)
				continue
			}
			if how == further && len(r.Also())+len(r.Or()) == 0 {
				t.Errorf("%s %s: field %q needs a further ability, and the route declares none (api.Also)", f.Name, line, x.path)
			}
			if strings.HasPrefix(how, inert) && len(how) < len(inert)+3 {
				t.Errorf("%s: no reason", key)
			}
		}
	})
	for key := range bindings {
		if !used[key] {
			t.Errorf("the line %q binds no field", key)
		}
	}
}
