package mlflow

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/registry/webhook"
	"bailiwick/store"
)

// The messages of Databricks' registry webhooks (databricks-sdk, service/ml.py). A secret, an authorization and an access token are taken and
// never given.
type (
	// HttpUrlSpec says what is called; an empty authorization takes the header away.
	HttpUrlSpec struct {
		Url                   *string `wire:"url"`
		Authorization         *string `wire:"authorization"`
		EnableSslVerification *bool   `wire:"enable_ssl_verification,enableSslVerification"`
		Secret                *string `wire:"secret"`
	}
	// JobSpec names a job of another workspace that is started.
	JobSpec struct {
		JobId        *string `wire:"job_id,jobId"`
		AccessToken  *string `wire:"access_token,accessToken"`
		WorkspaceUrl *string `wire:"workspace_url,workspaceUrl"`
	}
	// HttpUrlSpecWithoutSecret is HttpUrlSpec in answers.
	HttpUrlSpecWithoutSecret struct {
		Url                   *string `wire:"url"`
		EnableSslVerification *bool   `wire:"enable_ssl_verification,enableSslVerification"`
	}
	// JobSpecWithoutSecret is JobSpec in answers.
	JobSpecWithoutSecret struct {
		JobId        *string `wire:"job_id,jobId"`
		WorkspaceUrl *string `wire:"workspace_url,workspaceUrl"`
	}
	// RegistryWebhook is a webhook of a model, or without model_name of the whole registry.
	RegistryWebhook struct {
		Id                   *string                   `wire:"id"`
		Events               []string                  `wire:"events"`
		CreationTimestamp    *int64                    `wire:"creation_timestamp,creationTimestamp"`
		LastUpdatedTimestamp *int64                    `wire:"last_updated_timestamp,lastUpdatedTimestamp"`
		Description          *string                   `wire:"description"`
		Status               *string                   `wire:"status"`
		HttpUrlSpec          *HttpUrlSpecWithoutSecret `wire:"http_url_spec,httpUrlSpec"`
		JobSpec              *JobSpecWithoutSecret     `wire:"job_spec,jobSpec"`
		ModelName            *string                   `wire:"model_name,modelName"`
	}
	// CreateRegistryWebhook is the request of POST /registry-webhooks/create.
	CreateRegistryWebhook struct {
		ModelName   *string      `wire:"model_name,modelName"`
		Events      []string     `wire:"events"`
		Description *string      `wire:"description"`
		Status      *string      `wire:"status"`
		HttpUrlSpec *HttpUrlSpec `wire:"http_url_spec,httpUrlSpec"`
		JobSpec     *JobSpec     `wire:"job_spec,jobSpec"`
	}
	// UpdateRegistryWebhook is the request of PATCH /registry-webhooks/update; what is absent stays.
	UpdateRegistryWebhook struct {
		Id          *string      `wire:"id"`
		Events      []string     `wire:"events"`
		Description *string      `wire:"description"`
		Status      *string      `wire:"status"`
		HttpUrlSpec *HttpUrlSpec `wire:"http_url_spec,httpUrlSpec"`
		JobSpec     *JobSpec     `wire:"job_spec,jobSpec"`
	}
	// RegistryWebhookAnswer is the answer of both.
	RegistryWebhookAnswer struct {
		Webhook *RegistryWebhook `wire:"webhook"`
	}
	// ListRegistryWebhooks is the query of GET /registry-webhooks/list: webhooks with at least one of the events.
	ListRegistryWebhooks struct {
		ModelName  *string  `wire:"model_name,modelName"`
		Events     []string `wire:"events"`
		MaxResults *int32   `wire:"max_results,maxResults"`
		PageToken  *string  `wire:"page_token,pageToken"`
	}
	// ListRegistryWebhooksResponse is its answer.
	ListRegistryWebhooksResponse struct {
		Webhooks      []*RegistryWebhook `wire:"webhooks"`
		NextPageToken *string            `wire:"next_page_token,nextPageToken"`
	}
	// DeleteRegistryWebhook is the query of DELETE /registry-webhooks/delete.
	DeleteRegistryWebhook struct {
		Id *string `wire:"id"`
	}
	// TestRegistryWebhook is the request of POST /registry-webhooks/test; without an event the webhook's first is taken.
	TestRegistryWebhook struct {
		Id    *string `wire:"id"`
		Event *string `wire:"event"`
	}
	// TestRegistryWebhookResponse is its answer: what the receiver said, or no status_code and why it said nothing.
	TestRegistryWebhookResponse struct {
		StatusCode *int32  `wire:"status_code,statusCode"`
		Body       *string `wire:"body"`
	}
)

// registryWebhookRoutes are Databricks' webhooks: of a model for who manages it, of the whole registry for administrators.
func (f *Front) registryWebhookRoutes() []api.Route {
	hooks, all := authz.ManageModelHooks, authz.ManageRegistryHooks
	return []api.Route{
		api.Write("POST /registry-webhooks/create", hooks, hookPlace, f.createRegistryWebhook, api.Or[CreateRegistryWebhook](all),
			recorded[CreateRegistryWebhook]("createRegistryWebhook"), api.Alone[CreateRegistryWebhook]),
		api.List("GET /registry-webhooks/list", hooks, authz.RegisteredModel, listRegistryWebhooks, api.Also(hooks, listedModel),
			audited[ListRegistryWebhooks]("listRegistryWebhooks")),
		api.Write("PATCH /registry-webhooks/update", hooks, modelHook(func(q *UpdateRegistryWebhook) *string { return q.Id }),
			f.updateRegistryWebhook, api.Or[UpdateRegistryWebhook](all), recorded[UpdateRegistryWebhook]("updateRegistryWebhook"),
			api.Alone[UpdateRegistryWebhook]),
		api.Write("DELETE /registry-webhooks/delete", hooks, modelHook(func(q *DeleteRegistryWebhook) *string { return q.Id }),
			deleteRegistryWebhook, api.Or[DeleteRegistryWebhook](all), recorded[DeleteRegistryWebhook]("deleteRegistryWebhook"),
			api.Alone[DeleteRegistryWebhook]),
		api.Download("POST /registry-webhooks/test", hooks, modelHook(func(q *TestRegistryWebhook) *string { return q.Id }),
			f.testRegistryWebhook, api.Or[TestRegistryWebhook](all), recorded[TestRegistryWebhook]("testRegistryWebhook")),
	}
}

// wholeRegistry is the target of decisions about webhooks that hear of all models.
var wholeRegistry = api.Target{Object: authz.WorkspaceObject, Ability: authz.ManageRegistryHooks}

// hookPlace finds the model that a new webhook is for; nil = all.
func hookPlace(c *api.Call, q *CreateRegistryWebhook) (*authz.Object, api.Target, error) {
	if deref(q.ModelName, "") == "" {
		return nil, wholeRegistry, nil
	}
	return findRegistered(c, *q.ModelName)
}

// modelHook makes the finder of routes about one of Databricks' webhooks. Who may not know its model is told what is said of a webhook that
// does not exist.
func modelHook[Q any](id func(*Q) *string) api.Finder[*webhook.Hook, Q] {
	return func(c *api.Call, q *Q) (*webhook.Hook, api.Target, error) {
		name := deref(id(q), "")
		if name == "" {
			return nil, api.Target{}, fail.Invalidf("Missing value for required parameter 'id'.")
		}
		h, err := hookOf(c, webhook.Databricks, name)
		if err != nil {
			return nil, api.Target{}, err
		}
		return h, hookTarget(h), nil
	}
}

// hookTarget is the decision about a webhook: its model's, or the registry's.
func hookTarget(h *webhook.Hook) api.Target {
	if h.Model == 0 {
		return wholeRegistry
	}
	return api.Target{Object: h.Model, Absent: store.NoHook(h.ID)}
}

func (f *Front) createRegistryWebhook(c *api.Call, model *authz.Object, q *CreateRegistryWebhook) (*RegistryWebhookAnswer, error) {
	h := &webhook.Hook{ID: store.NewHookID(), Protocol: webhook.Databricks, Text: deref(q.Description, ""), Events: q.Events,
		Status: webhook.Status(deref(q.Status, string(webhook.Active))), Creator: c.Who.Principal}
	if model != nil {
		h.Model = model.ID
		c.Note("name", model.Name)
	}
	var s webhook.Secrets
	if err := specify(h, &s, q.HttpUrlSpec, q.JobSpec); err != nil {
		return nil, err
	}
	if h.URL == "" {
		return nil, fail.Invalidf("A webhook needs http_url_spec.url, or job_spec.")
	}
	if err := f.createHook(c, h, s); err != nil {
		return nil, err
	}
	return &RegistryWebhookAnswer{Webhook: registryWebhook(c, h)}, nil
}

// specify takes over what a request says about where to call and with what. What it does not say stays as it is.
func specify(h *webhook.Hook, s *webhook.Secrets, http *HttpUrlSpec, job *JobSpec) error {
	switch {
	case http != nil && job != nil:
		return fail.Invalidf("A webhook has http_url_spec or job_spec, not both.")
	case http != nil:
		if h.Job != "" { // it becomes another kind of webhook
			h.URL, h.Job, s.Token = "", "", ""
		}
		h.URL, h.Insecure = deref(http.Url, h.URL), !deref(http.EnableSslVerification, !h.Insecure)
		s.Key, s.Authorization = deref(http.Secret, s.Key), deref(http.Authorization, s.Authorization)
	case job != nil:
		if h.Job == "" {
			h.URL, h.Insecure, *s = "", false, webhook.Secrets{}
		}
		h.Job, h.URL, s.Token = deref(job.JobId, h.Job), deref(job.WorkspaceUrl, h.URL), deref(job.AccessToken, s.Token)
		if h.URL == "" {
			return fail.Invalidf("job_spec.workspace_url is missing: this server runs no jobs itself.")
		}
		if h.Job == "" {
			return fail.Invalidf("job_spec.job_id is missing.")
		}
	}
	return nil
}

func (f *Front) updateRegistryWebhook(c *api.Call, before *webhook.Hook, q *UpdateRegistryWebhook) (*RegistryWebhookAnswer, error) {
	secrets, err := c.Tx.HookSecrets(before.ID)
	if err != nil {
		return nil, err
	}
	h := *before
	h.Text, h.Status = deref(q.Description, h.Text), webhook.Status(deref(q.Status, string(h.Status)))
	if len(q.Events) > 0 {
		h.Events = q.Events
	}
	if err := specify(&h, &secrets, q.HttpUrlSpec, q.JobSpec); err != nil {
		return nil, err
	}
	if err := mayKeep(before, &h, q); err != nil {
		return nil, err
	}
	if err := f.updateHook(c, before, &h, secrets); err != nil {
		return nil, err
	}
	return &RegistryWebhookAnswer{Webhook: registryWebhook(c, &h)}, nil
}

// mayKeep refuses to send what one person entrusted to one receiver to another: who changes the webhook may not know it, and would learn it.
func mayKeep(before, h *webhook.Hook, q *UpdateRegistryWebhook) error {
	if origin(before.URL) == origin(h.URL) && (before.Insecure || !h.Insecure) {
		return nil
	}
	switch {
	case q.HttpUrlSpec != nil && before.Has.Authorization && h.Job == "" && q.HttpUrlSpec.Authorization == nil:
		return fail.Invalidf("The webhook is to call another host, or without checking its certificate: give http_url_spec.authorization again, " +
			"or empty to take it away.")
	case q.JobSpec != nil && before.Has.Token && q.JobSpec.AccessToken == nil:
		return fail.Invalidf("The webhook is to start a job of another workspace: give job_spec.access_token again.")
	}
	return nil
}

// origin is the part of a URL that says who gets what is sent.
func origin(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return text
	}
	return u.Scheme + "://" + strings.ToLower(u.Host)
}

func deleteRegistryWebhook(c *api.Call, h *webhook.Hook, _ *DeleteRegistryWebhook) (*Nothing, error) {
	return &Nothing{}, dropHook(c, h)
}

// listedModel is the model that a list is narrowed to: who asks for one is told when he may not.
func listedModel(c *api.Call, q *ListRegistryWebhooks) ([]api.Target, error) {
	if deref(q.ModelName, "") == "" {
		return nil, nil
	}
	_, target, err := findRegistered(c, *q.ModelName)
	return []api.Target{target}, err
}

func listRegistryWebhooks(c *api.Call, scope authz.Scope, q *ListRegistryWebhooks) (*ListRegistryWebhooksResponse, error) {
	for _, name := range q.Events {
		if !webhook.Known(webhook.Databricks, name) {
			return nil, fail.Invalidf("%q is no event; known: %s.", name, strings.Join(webhook.AllEvents(webhook.Databricks), ", "))
		}
	}
	hooks, err := c.Tx.Hooks(webhook.Databricks)
	if err != nil {
		return nil, err
	}
	hooks = slices.DeleteFunc(hooks, func(h *webhook.Hook) bool { return !hookListed(c, scope, q, h) })
	question := append([]string{string(webhook.Databricks), deref(q.ModelName, "")}, q.Events...)
	page, next, err := hookPage(c, hooks, deref(q.MaxResults, 0), deref(q.PageToken, ""), question...)
	answer := &ListRegistryWebhooksResponse{NextPageToken: next}
	for _, h := range page {
		answer.Webhooks = append(answer.Webhooks, registryWebhook(c, h))
	}
	return answer, err
}

// hookListed says whether a webhook is in a list: what is asked for, of models in the scope, and of the registry for who manages its webhooks.
func hookListed(c *api.Call, scope authz.Scope, q *ListRegistryWebhooks, h *webhook.Hook) bool {
	if len(q.Events) > 0 && !slices.ContainsFunc(q.Events, func(name string) bool { return slices.Contains(h.Events, name) }) {
		return false
	}
	name := deref(q.ModelName, "")
	if h.Model == 0 {
		return name == "" && c.Can(authz.ManageRegistryHooks, authz.WorkspaceObject)
	}
	o, ok := c.Tx.Map.Object(h.Model)
	return ok && (name == "" || o.Name == name) && scope.AdmitsIn(c.Tx.Map, o)
}

// testRegistryWebhook sends an example of an event of an active webhook, or of one in test mode.
func (f *Front) testRegistryWebhook(c *api.Call, h *webhook.Hook, q *TestRegistryWebhook) (*api.Content, error) {
	if h.Status == webhook.Disabled {
		return nil, fail.Statef("The webhook is DISABLED: set it to TEST_MODE, or to ACTIVE, to test it.")
	}
	return f.tryHook(c, h, cmp.Or(deref(q.Event, ""), h.Events[0]), func(o webhook.Outcome) any {
		r := &TestRegistryWebhookResponse{Body: &o.Answer}
		if o.Status != 0 {
			r.StatusCode = new(int32(o.Status))
		}
		return r
	})
}

// registryWebhook is a webhook as Databricks' clients see it.
func registryWebhook(c *api.Call, h *webhook.Hook) *RegistryWebhook {
	w := &RegistryWebhook{Id: &h.ID, Events: h.Events, CreationTimestamp: &h.Created, LastUpdatedTimestamp: &h.Updated,
		Description: optional(h.Text), Status: text(string(h.Status))}
	if o, ok := c.Tx.Map.Object(h.Model); ok && h.Model != 0 {
		w.ModelName = &o.Name
	}
	if h.Job != "" {
		w.JobSpec = &JobSpecWithoutSecret{JobId: &h.Job, WorkspaceUrl: &h.URL}
	} else {
		w.HttpUrlSpec = &HttpUrlSpecWithoutSecret{Url: &h.URL, EnableSslVerification: new(!h.Insecure)}
	}
	return w
}
