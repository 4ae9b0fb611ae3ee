package mlflow_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bailiwick/authz"
	"bailiwick/server"
	"bailiwick/server/servertest"
)

// hookDesk is a world with a receiver of webhooks, which says what a test tells it to.
type hookDesk struct {
	*world
	receiver string
	mu       sync.Mutex
	status   int
	got      []*http.Request
	bodies   []string
}

func newHookDesk(t *testing.T) *hookDesk {
	d := &hookDesk{world: newWorld(t, func(c *server.Config) { c.Webhooks.Allow = []string{"127.0.0.1"} }), status: 200}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		d.mu.Lock()
		defer d.mu.Unlock()
		d.got, d.bodies = append(d.got, r), append(d.bodies, string(body))
		w.WriteHeader(d.status)
		io.WriteString(w, "heard")
	}))
	t.Cleanup(srv.Close)
	d.receiver = srv.URL
	return d
}

func (d *hookDesk) answer(status int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.status = status
}

// model makes a registered model of ann's.
func (d *hookDesk) model(name string) {
	d.t.Helper()
	d.ok(d.Do(d.ann, "POST", "/api/2.0/mlflow/registered-models/create", fields{"name": name}))
}

func (d *hookDesk) ok(a servertest.Answer) servertest.Answer {
	d.t.Helper()
	if a.Status != 200 {
		d.t.Fatalf("%d %s", a.Status, a.Body)
	}
	return a
}

const registryHooks = "/api/2.0/mlflow/registry-webhooks/"

// secretive are what must never come back, whoever asks.
var secretive = []string{"hunter2-key", "hunter2-auth", "dapi-hunter2"}

func (d *hookDesk) silent(what string, body []byte) {
	d.t.Helper()
	for _, s := range secretive {
		if bytes.Contains(body, []byte(s)) {
			d.t.Errorf("%s tells a secret: %s", what, body)
		}
	}
}

// refuses holds an answer against a status and words.
func (d *hookDesk) refuses(what string, a servertest.Answer, status int, words string) {
	d.t.Helper()
	if a.Status != status || !strings.Contains(string(a.Body), words) {
		d.t.Errorf("%s: %d %s, want %d with %q", what, a.Status, a.Body, status, words)
	}
	d.silent(what, a.Body)
}

func TestMLflowWebhooks(t *testing.T) {
	d := newHookDesk(t)
	hooks, event := "/api/2.0/mlflow/webhooks", []fields{{"entity": "MODEL_VERSION", "action": "CREATED"}}
	made := d.Admin("POST", hooks, fields{"name": "ci", "url": d.receiver + "/a", "events": event, "secret": "hunter2-key", "description": "x"})
	id := made.Text("webhook.webhook_id")
	if made.Text("webhook.status") != "ACTIVE" || made.Text("webhook.events.0.entity") != "MODEL_VERSION" || made.Text("webhook.name") != "ci" {
		t.Errorf("%s", made.Body)
	}
	changed := d.Admin("PATCH", hooks+"/"+id, fields{"status": "DISABLED", "events": []fields{{"entity": "PROMPT", "action": "CREATED"}}})
	if changed.Text("webhook.status") != "DISABLED" || changed.Text("webhook.events.0.entity") != "PROMPT" || changed.Text("webhook.description") != "x" {
		t.Errorf("%s", changed.Body)
	}
	got := d.Admin("GET", hooks+"/"+id, nil)
	if diff := string(got.Body) != string(changed.Body); diff {
		t.Errorf("%s and %s", got.Body, changed.Body)
	}
	for _, a := range []servertest.Answer{made, changed, got} {
		d.silent("an answer", a.Body)
	}
	d.refuses("of nobody's", d.Do(servertest.AdminToken, "GET", hooks+"/nobody", nil), 404, "RESOURCE_DOES_NOT_EXIST")
	for what, body := range map[string]fields{
		"no events": {"name": "a", "url": d.receiver}, "no name": {"url": d.receiver, "events": event}, "no url": {"name": "a", "events": event},
		"http":    {"name": "a", "url": "http://example.org", "events": event},
		"private": {"name": "a", "url": "https://10.0.0.1", "events": event},
		"no such": {"name": "a", "url": d.receiver, "events": []fields{{"entity": "MODEL_VERSION", "action": "SET"}}},
	} {
		d.refuses(what, d.Do(servertest.AdminToken, "POST", hooks, body), 400, "INVALID_PARAMETER_VALUE")
	}
	for _, method := range []string{"GET", "PATCH", "DELETE"} {
		d.refuses(method+" by ann", d.Do(d.ann, method, hooks+"/"+id, nil), 403, "PERMISSION_DENIED")
	}
	d.refuses("list by ann", d.Do(d.ann, "GET", hooks, nil), 403, "manage-registry-hooks")
	d.refuses("test by ann", d.Do(d.ann, "POST", hooks+"/"+id+"/test", fields{}), 403, "PERMISSION_DENIED")
	d.ok(d.Do(servertest.AdminToken, "DELETE", hooks+"/"+id, nil))
	d.refuses("of a deleted one", d.Do(servertest.AdminToken, "GET", hooks+"/"+id, nil), 404, "RESOURCE_DOES_NOT_EXIST")
}

func TestWebhookPages(t *testing.T) {
	d := newHookDesk(t)
	var made, seen []string
	for i := range 5 {
		made = append(made, d.Admin("POST", "/api/2.0/mlflow/webhooks", fields{"name": fmt.Sprint("n", i), "url": d.receiver,
			"events": []fields{{"entity": "PROMPT", "action": "CREATED"}}}).Text("webhook.webhook_id"))
	}
	for token := ""; ; {
		a := d.Admin("GET", "/api/2.0/mlflow/webhooks?max_results=2&page_token="+url.QueryEscape(token), nil)
		for i := 0; a.JSON(fmt.Sprintf("webhooks.%d", i)) != nil; i++ {
			seen = append(seen, a.Text(fmt.Sprintf("webhooks.%d.webhook_id", i)))
		}
		if token = a.Text("next_page_token"); token == "" {
			break
		}
	}
	slices.Sort(made)
	if slices.Sort(seen); !slices.Equal(made, seen) {
		t.Errorf("made %v, listed %v", made, seen)
	}
	d.refuses("a page of too many", d.Do(servertest.AdminToken, "GET", "/api/2.0/mlflow/webhooks?max_results=1001", nil), 400, "max_results")
}

func TestWebhookTestCalls(t *testing.T) {
	d := newHookDesk(t)
	id := d.Admin("POST", "/api/2.0/mlflow/webhooks", fields{"name": "ci", "url": d.receiver, "secret": "hunter2-key",
		"events": []fields{{"entity": "MODEL_VERSION", "action": "CREATED"}}}).Text("webhook.webhook_id")
	a := d.Admin("POST", "/api/2.0/mlflow/webhooks/"+id+"/test", fields{})
	if a.Text("result.success") != "true" || a.Text("result.response_status") != "200" || a.Text("result.response_body") != "heard" {
		t.Errorf("%s", a.Body)
	}
	d.answer(500)
	a = d.Admin("POST", "/api/2.0/mlflow/webhooks/"+id+"/test", fields{"event": fields{"entity": "PROMPT_ALIAS", "action": "DELETED"}})
	if a.Text("result.success") != "false" || a.Text("result.response_status") != "500" || !strings.Contains(d.bodies[1], `"entity":"prompt_alias"`) {
		t.Errorf("%s %v", a.Body, d.bodies)
	}
	d.Admin("PATCH", "/api/2.0/mlflow/webhooks/"+id, fields{"url": "http://127.0.0.1:1/"})
	a = d.Admin("POST", "/api/2.0/mlflow/webhooks/"+id+"/test", nil)
	if a.Text("result.success") != "false" || a.Text("result.error_message") == "" || a.JSON("result.response_status") != nil {
		t.Errorf("%s", a.Body)
	}
}

// create makes a registry webhook of ann's model as somebody.
func (d *hookDesk) create(who, model string, more fields) servertest.Answer {
	body := fields{"events": []string{"COMMENT_CREATED", "MODEL_VERSION_TAG_SET"},
		"http_url_spec": fields{"url": d.receiver + "/r", "secret": "hunter2-key", "authorization": "Bearer hunter2-auth"}}
	if model != "" {
		body["model_name"] = model
	}
	for k, v := range more {
		body[k] = v
	}
	return d.Do(who, "POST", registryHooks+"create", body)
}

func TestRegistryWebhookAccess(t *testing.T) {
	d := newHookDesk(t)
	d.model("churn")
	ben, eve := d.User("ben@example.org"), d.User("eve@example.org")
	churn, _ := d.Store.Map().ChildNamed(authz.ModelsRoot, authz.RegisteredModel, "churn")
	d.Admin("PATCH", fmt.Sprintf("/api/2.0/permissions/registered-models/%d", churn.ID), fields{"access_control_list": []fields{
		{"user_name": "ben@example.org", "permission_level": "CAN_MANAGE_PRODUCTION_VERSIONS"}}})
	own := d.ok(d.create(d.ann, "churn", nil))
	id := own.Text("webhook.id")
	if own.Text("webhook.model_name") != "churn" || own.Text("webhook.http_url_spec.enable_ssl_verification") != "true" || own.Text("webhook.status") != "ACTIVE" {
		t.Errorf("%s", own.Body)
	}
	d.silent("the answer", own.Body)
	wide := d.ok(d.create(servertest.AdminToken, "", nil)).Text("webhook.id")
	d.refuses("of the registry by ann", d.create(d.ann, "", nil), 403, "manage-registry-hooks")
	d.refuses("below Manage", d.create(ben, "churn", nil), 403, "manage-model-hooks")
	missing := d.create(eve, "nothing", nil)
	hidden := d.create(eve, "churn", nil)
	if hidden.Status != 404 || strings.ReplaceAll(string(hidden.Body), "churn", "nothing") != string(missing.Body) {
		t.Errorf("to who may not know: %s and %s", hidden.Body, missing.Body)
	}
	change := func(who, id string) servertest.Answer {
		return d.Do(who, "PATCH", registryHooks+"update", fields{"id": id, "description": "d"})
	}
	d.refuses("changed below Manage", change(ben, id), 403, "manage-model-hooks")
	d.refuses("changed by a stranger", change(eve, id), 404, "Webhook with id '"+id+"' does not exist.")
	d.refuses("the registry's by ann", change(d.ann, wide), 403, "manage-registry-hooks")
	d.ok(change(d.ann, id))
	for who, want := range map[string][]string{d.ann: {id}, ben: nil, eve: nil, servertest.AdminToken: {wide, id}} {
		a := d.ok(d.Do(who, "GET", registryHooks+"list", nil))
		var got []string
		for i := 0; a.JSON(fmt.Sprintf("webhooks.%d", i)) != nil; i++ {
			got = append(got, a.Text(fmt.Sprintf("webhooks.%d.id", i)))
		}
		slices.Sort(got)
		if slices.Sort(want); !slices.Equal(got, want) {
			t.Errorf("listed %v, want %v", got, want)
		}
		d.silent("a list", a.Body)
	}
	d.refuses("list of the model below Manage", d.Do(ben, "GET", registryHooks+"list?model_name=churn", nil), 403, "manage-model-hooks")
	d.refuses("list of the model by a stranger", d.Do(eve, "GET", registryHooks+"list?model_name=churn", nil), 404, "not found")
	if a := d.ok(d.Do(d.ann, "GET", registryHooks+"list?model_name=churn&events=REGISTERED_MODEL_CREATED", nil)); a.JSON("webhooks.0") != nil {
		t.Errorf("%s", a.Body)
	}
	d.refuses("log below Manage", d.Do(ben, "GET", "/api/governance/1.0/webhooks/"+id+"/deliveries", nil), 403, "manage-model-hooks")
	d.refuses("log by a stranger", d.Do(eve, "GET", "/api/governance/1.0/webhooks/"+id+"/deliveries", nil), 404, "does not exist")
	d.refuses("deleted by a stranger", d.Do(eve, "DELETE", registryHooks+"delete?id="+id, nil), 404, "does not exist")
	d.ok(d.Do(d.ann, "DELETE", registryHooks+"delete?id="+id, nil))
	d.refuses("of a deleted one", change(d.ann, id), 404, "does not exist")
	audit := d.Admin("GET", "/api/governance/1.0/audit?service=modelRegistry&max_results=100", nil)
	for _, action := range []string{"createRegistryWebhook", "updateRegistryWebhook", "deleteRegistryWebhook", `authorization_set`} {
		if !strings.Contains(string(audit.Body), action) {
			t.Errorf("the audit trail has no %s", action)
		}
	}
	d.silent("the audit trail", audit.Body)
}

func TestRegistryWebhookRequests(t *testing.T) {
	d := newHookDesk(t)
	d.model("churn")
	spec := func(s fields) fields { return fields{"http_url_spec": s} }
	job := func(s fields) fields { return fields{"job_spec": s, "http_url_spec": nil} }
	for what, more := range map[string]fields{
		"no event": {"events": nil}, "MLflow's event": {"events": []string{"model_version.created"}}, "a status of nobody": {"status": "PAUSED"},
		"the registry's event": {"events": []string{"REGISTERED_MODEL_CREATED"}}, "no target": {"http_url_spec": nil},
		"metadata": spec(fields{"url": "https://169.254.169.254/latest"}), "loopback by another name": spec(fields{"url": "https://[::1]/"}),
		"http": spec(fields{"url": "http://example.org/"}), "two lines": spec(fields{"url": d.receiver, "authorization": "a\nb"}),
		"both":         {"job_spec": fields{"job_id": "1", "access_token": "t", "workspace_url": d.receiver}},
		"a job here":   job(fields{"job_id": "1", "access_token": "t"}),
		"no token":     job(fields{"job_id": "1", "workspace_url": d.receiver}),
		"no job":       job(fields{"access_token": "t", "workspace_url": d.receiver}),
		"a job's name": job(fields{"job_id": "nightly", "access_token": "t", "workspace_url": d.receiver}),
	} {
		d.refuses(what, d.create(d.ann, "churn", more), 400, "INVALID_PARAMETER_VALUE")
	}
	id := d.ok(d.create(d.ann, "churn", nil)).Text("webhook.id")
	update := func(spec fields) servertest.Answer {
		return d.Do(d.ann, "PATCH", registryHooks+"update", fields{"id": id, "http_url_spec": spec})
	}
	d.refuses("another host without the authorization", update(fields{"url": "https://example.org/"}), 400, "authorization again")
	d.refuses("without checking the certificate", update(fields{"enable_ssl_verification": false}), 400, "authorization again")
	d.ok(update(fields{"url": d.receiver + "/elsewhere"}))
	a := d.ok(update(fields{"url": "https://example.org/", "authorization": ""}))
	if a.Text("webhook.http_url_spec.url") != "https://example.org/" {
		t.Errorf("%s", a.Body)
	}
	a = d.ok(d.Do(d.ann, "PATCH", registryHooks+"update", fields{"id": id, "job_spec": fields{"job_id": "7", "access_token": "dapi-hunter2",
		"workspace_url": d.receiver}}))
	if a.Text("webhook.job_spec.job_id") != "7" || a.JSON("webhook.http_url_spec") != nil {
		t.Errorf("%s", a.Body)
	}
	d.silent("the answer", a.Body)
	d.refuses("another workspace without the token", d.Do(d.ann, "PATCH", registryHooks+"update", fields{"id": id,
		"job_spec": fields{"workspace_url": "https://example.org"}}), 400, "access_token again")
	a = d.ok(d.Do(d.ann, "POST", registryHooks+"test", fields{"id": id}))
	if a.Text("status_code") != "200" || a.Text("body") != "heard" || d.got[0].URL.Path != "/api/2.2/jobs/run-now" ||
		d.got[0].Header.Get("Authorization") != "Bearer dapi-hunter2" || !strings.Contains(d.bodies[0], `"job_id":7`) {
		t.Errorf("%s %v", a.Body, d.bodies)
	}
	d.ok(d.Do(d.ann, "PATCH", registryHooks+"update", fields{"id": id, "status": "DISABLED"}))
	d.refuses("a test of a disabled one", d.Do(d.ann, "POST", registryHooks+"test", fields{"id": id}), 400, "DISABLED")
}

// until gives the deliveries of a webhook when n are in a state.
func (d *hookDesk) until(who, hook, state string, n int) servertest.Answer {
	d.t.Helper()
	var a servertest.Answer
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		a = d.ok(d.Do(who, "GET", "/api/governance/1.0/webhooks/"+hook+"/deliveries?state="+state, nil))
		if list := a.JSON("deliveries").([]any); len(list) == n {
			return a
		}
	}
	d.t.Fatalf("not %d %s: %s", n, state, a.Body)
	return a
}

// What happens in the registry reaches those who listen, and what was given up can be sent again by who manages the webhook.
func TestDeliveryLog(t *testing.T) {
	d := newHookDesk(t)
	wide := d.ok(d.create(servertest.AdminToken, "", fields{"events": []string{"REGISTERED_MODEL_CREATED"}})).Text("webhook.id")
	tested := d.ok(d.create(servertest.AdminToken, "", fields{"events": []string{"REGISTERED_MODEL_CREATED"}, "status": "TEST_MODE"})).Text("webhook.id")
	d.answer(410)
	d.model("churn")
	dead := d.until(servertest.AdminToken, wide, "dead", 1)
	one := "/api/governance/1.0/webhooks/" + wide + "/deliveries/" + dead.Text("deliveries.0.id")
	a := d.Admin("GET", one, nil)
	if a.Text("attempts.0.status_code") != "410" || a.Text("attempts.0.answer") != "heard" || a.Text("event") != "REGISTERED_MODEL_CREATED" ||
		!strings.Contains(a.Text("body"), `"model_name":"churn"`) {
		t.Errorf("%s", a.Body)
	}
	d.silent("the log", a.Body)
	d.refuses("sent again by ann", d.Do(d.ann, "POST", one+"/redeliver", nil), 403, "manage-registry-hooks")
	d.answer(200)
	d.ok(d.Do(servertest.AdminToken, "POST", one+"/redeliver", nil))
	d.until(servertest.AdminToken, wide, "delivered", 1)
	d.until(servertest.AdminToken, tested, "", 0)
	d.refuses("no such state", d.Do(servertest.AdminToken, "GET", "/api/governance/1.0/webhooks/"+wide+"/deliveries?state=x", nil), 400, "dead")
	d.refuses("no such delivery", d.Do(servertest.AdminToken, "POST", strings.TrimSuffix(one, dead.Text("deliveries.0.id"))+"x/redeliver", nil), 404, "does not exist")
	d.Admin("PATCH", registryHooks+"update", fields{"id": wide, "status": "DISABLED"})
	d.refuses("sent again to a disabled one", d.Do(servertest.AdminToken, "POST", one+"/redeliver", nil), 400, "DISABLED")
}

// A model's webhooks go with it.
func TestWebhooksOfADeletedModel(t *testing.T) {
	d := newHookDesk(t)
	d.model("churn")
	id := d.ok(d.create(d.ann, "churn", nil)).Text("webhook.id")
	d.ok(d.Do(d.ann, "DELETE", "/api/2.0/mlflow/registered-models/delete?name=churn", nil))
	d.model("churn")
	d.refuses("of the new one", d.Do(d.ann, "PATCH", registryHooks+"update", fields{"id": id}), 404, "does not exist")
	if a := d.ok(d.Do(servertest.AdminToken, "GET", registryHooks+"list", nil)); a.JSON("webhooks.0") != nil {
		t.Errorf("%s", a.Body)
	}
}
