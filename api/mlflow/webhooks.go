package mlflow

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/registry/webhook"
	"bailiwick/store"
	"bailiwick/tracking/search"
)

// HookSender makes one try of a webhook and says what came of it.
type HookSender interface {
	Send(ctx context.Context, h *webhook.Hook, secrets webhook.Secrets, delivery, body string) webhook.Outcome
}

// webhookRoutes are MLflow's own webhooks. They are of the whole registry, so they are for administrators.
func (f *Front) webhookRoutes() []api.Route {
	hooks := authz.ManageRegistryHooks
	one := "/webhooks/{webhook_id}"
	return []api.Route{
		api.Write("POST /webhooks", hooks, api.At[CreateWebhook](authz.WorkspaceObject), f.createWebhook,
			recorded[CreateWebhook]("createWebhook"), api.Alone[CreateWebhook]),
		api.Read("GET /webhooks", hooks, api.At[ListWebhooks](authz.WorkspaceObject), listWebhooks, audited[ListWebhooks]("listWebhooks")),
		api.Read("GET "+one, hooks, ownHook((*GetWebhook).GetWebhookId), getWebhook, audited[GetWebhook]("getWebhook")),
		api.Write("PATCH "+one, hooks, ownHook((*UpdateWebhook).GetWebhookId), f.updateWebhook,
			recorded[UpdateWebhook]("updateWebhook"), api.Alone[UpdateWebhook]),
		api.Write("DELETE "+one, hooks, ownHook((*DeleteWebhook).GetWebhookId), deleteWebhook,
			recorded[DeleteWebhook]("deleteWebhook"), api.Alone[DeleteWebhook]),
		api.Download("POST "+one+"/test", hooks, ownHook((*TestWebhook).GetWebhookId), f.testWebhook, recorded[TestWebhook]("testWebhook")),
	}
}

// ownHook makes the finder of routes about one of MLflow's webhooks.
func ownHook[Q any](id func(*Q) string) api.Finder[*webhook.Hook, Q] {
	return func(c *api.Call, q *Q) (*webhook.Hook, api.Target, error) {
		h, err := hookOf(c, webhook.MLflow, id(q))
		return h, api.Target{Object: authz.WorkspaceObject, Name: id(q)}, err
	}
}

// hookOf loads a webhook of a protocol; each has ids of its own.
func hookOf(c *api.Call, p webhook.Protocol, id string) (*webhook.Hook, error) {
	h, err := c.Tx.Hook(id)
	if err == nil && h.Protocol != p {
		err = store.NoHook(id)
	}
	return h, err
}

func (f *Front) createWebhook(c *api.Call, _ int64, q *CreateWebhook) (*CreateWebhookResponse, error) {
	h := &webhook.Hook{ID: store.NewHookID(), Protocol: webhook.MLflow, Name: q.GetName(), Text: q.GetDescription(), URL: q.GetUrl(),
		Status: webhook.Status(q.GetStatus()), Events: eventNames(q.Events), Creator: c.Who.Principal}
	if err := f.createHook(c, h, webhook.Secrets{Key: q.GetSecret()}); err != nil {
		return nil, err
	}
	return &CreateWebhookResponse{Webhook: webhookShown(h)}, nil
}

// createHook makes a webhook of either protocol, and records it.
func (f *Front) createHook(c *api.Call, h *webhook.Hook, s webhook.Secrets) error {
	if err := h.Check(s, f.Allow); err != nil {
		return err
	}
	if err := c.Tx.CreateHook(h, s); err != nil {
		return err
	}
	c.Note("webhookId", h.ID)
	c.Change(nil, hookRecord(c, h))
	return nil
}

// updateHook puts a changed webhook in the place of what it was, and records both.
func (f *Front) updateHook(c *api.Call, before, h *webhook.Hook, s webhook.Secrets) error {
	if err := h.Check(s, f.Allow); err != nil {
		return err
	}
	if err := c.Tx.UpdateHook(h, s); err != nil {
		return err
	}
	c.Note("webhookId", h.ID)
	c.Change(hookRecord(c, before), hookRecord(c, h))
	return nil
}

// dropHook deletes a webhook, and records what it was.
func dropHook(c *api.Call, h *webhook.Hook) error {
	c.Note("webhookId", h.ID)
	c.Change(hookRecord(c, h), nil)
	return c.Tx.DeleteHook(h.ID)
}

// hookRecord is a webhook as the ledger keeps it: no secret, and of the URL not what often holds one.
func hookRecord(c *api.Call, h *webhook.Hook) []byte {
	model, _ := c.Tx.Map.Object(h.Model)
	record, _ := json.Marshal(map[string]any{ // texts and truths always can be written
		"id": h.ID, "protocol": h.Protocol, "model": objectName(model), "name": h.Name, "url": withoutQuery(h.URL), "job": h.Job,
		"enable_ssl_verification": !h.Insecure, "status": h.Status, "events": h.Events,
		"secret_set": h.Has.Key, "authorization_set": h.Has.Authorization, "access_token_set": h.Has.Token,
	})
	return record
}

func objectName(o *authz.Object) string {
	if o == nil {
		return ""
	}
	return o.Name
}

func withoutQuery(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	u.RawQuery, u.Fragment = "", ""
	return u.String()
}

func listWebhooks(c *api.Call, _ int64, q *ListWebhooks) (*ListWebhooksResponse, error) {
	hooks, err := c.Tx.Hooks(webhook.MLflow)
	if err != nil {
		return nil, err
	}
	page, next, err := hookPage(c, hooks, q.GetMaxResults(), q.GetPageToken(), string(webhook.MLflow))
	answer := &ListWebhooksResponse{NextPageToken: next}
	for _, h := range page {
		answer.Webhooks = append(answer.Webhooks, webhookShown(h))
	}
	return answer, err
}

const defaultHookPage, maxHookPage = 100, 1000

// hookPage cuts the page that a token names out of a list, the newest first. The token is good for its caller and the same question only.
func hookPage(c *api.Call, hooks []*webhook.Hook, size int32, token string, question ...string) (page []*webhook.Hook, next *string, err error) {
	if size == 0 {
		size = defaultHookPage
	}
	if size < 1 || size > maxHookPage {
		return nil, nil, fail.Invalidf("Invalid value %d for parameter 'max_results' supplied: it must be from 1 to %d", size, maxHookPage)
	}
	hash := search.QueryHash(append([]string{"webhooks"}, question...)...)
	t, err := search.DecodeToken(token, c.PageKey(), c.Who.Principal, hash)
	if err != nil {
		return nil, nil, err
	}
	if len(t.After) > 0 {
		last := &webhook.Hook{Created: t.After[0].Int, ID: t.After[0].Text}
		hooks = slices.DeleteFunc(hooks, func(h *webhook.Hook) bool { return newest(h, last) <= 0 })
	}
	if len(hooks) <= int(size) {
		return hooks, nil, nil
	}
	hooks = hooks[:size]
	last := hooks[size-1]
	after := search.Token{After: search.Cursor{{Int: last.Created, Text: last.ID}}}
	return hooks, text(after.Encode(c.PageKey(), c.Who.Principal, hash)), nil
}

// newest is the order of lists.
func newest(a, b *webhook.Hook) int {
	return cmp.Or(cmp.Compare(b.Created, a.Created), strings.Compare(b.ID, a.ID))
}

func getWebhook(_ *api.Call, h *webhook.Hook, _ *GetWebhook) (*GetWebhookResponse, error) {
	return &GetWebhookResponse{Webhook: webhookShown(h)}, nil
}

func (f *Front) updateWebhook(c *api.Call, before *webhook.Hook, q *UpdateWebhook) (*UpdateWebhookResponse, error) {
	secrets, err := c.Tx.HookSecrets(before.ID)
	if err != nil {
		return nil, err
	}
	h := *before
	h.Name, h.URL = cmp.Or(q.GetName(), h.Name), cmp.Or(q.GetUrl(), h.URL)
	h.Text, secrets.Key = deref(q.Description, h.Text), deref(q.Secret, secrets.Key)
	h.Status = cmp.Or(webhook.Status(q.Status), h.Status)
	if len(q.Events) > 0 {
		h.Events = eventNames(q.Events)
	}
	if err := f.updateHook(c, before, &h, secrets); err != nil {
		return nil, err
	}
	return &UpdateWebhookResponse{Webhook: webhookShown(&h)}, nil
}

func deleteWebhook(c *api.Call, h *webhook.Hook, _ *DeleteWebhook) (*DeleteWebhookResponse, error) {
	return &DeleteWebhookResponse{}, dropHook(c, h)
}

// testWebhook sends an example of the event that is asked for, or of the webhook's first, whatever its status.
func (f *Front) testWebhook(c *api.Call, h *webhook.Hook, q *TestWebhook) (*api.Content, error) {
	name := h.Events[0]
	if q.Event != nil {
		name = eventNames([]*WebhookEvent{q.Event})[0]
	}
	return f.tryHook(c, h, name, func(o webhook.Outcome) any {
		r := &WebhookTestResult{Success: new(o.OK())}
		if o.Status == 0 {
			r.ErrorMessage = text("The test call failed: " + o.Answer)
		} else {
			r.ResponseStatus, r.ResponseBody = new(int32(o.Status)), &o.Answer
		}
		return &TestWebhookResponse{Result: r}
	})
}

// tryHook makes a test call and answers with what came of it. Like all that takes long, it happens after the transaction.
func (f *Front) tryHook(c *api.Call, h *webhook.Hook, name string, show func(webhook.Outcome) any) (*api.Content, error) {
	if !webhook.Known(h.Protocol, name) {
		return nil, fail.Invalidf("%q is no event; known: %s.", name, strings.Join(webhook.AllEvents(h.Protocol), ", "))
	}
	secrets, err := c.Tx.HookSecrets(h.ID)
	if err != nil {
		return nil, err
	}
	c.Note("webhookId", h.ID)
	c.Note("event", name)
	now, ctx := c.Tx.Now, c.Context()
	return &api.Content{Type: "application/json", Open: func() (io.ReadSeekCloser, error) {
		delivery := uuid.NewString()
		answer, err := encode(show(f.Hooks.Send(ctx, h, secrets, delivery, h.Example(name, now, delivery))))
		return readOnce{bytes.NewReader(answer)}, err
	}}, nil
}

// readOnce is an answer that is in memory already.
type readOnce struct{ *bytes.Reader }

func (readOnce) Close() error { return nil }

// eventNames writes events as the payloads name them: registered_model.created.
func eventNames(events []*WebhookEvent) (names []string) {
	for _, e := range events {
		names = append(names, strings.ToLower(string(e.GetEntity())+"."+string(e.GetAction())))
	}
	return names
}

// webhookShown is a webhook as MLflow's clients see it.
func webhookShown(h *webhook.Hook) *Webhook {
	w := &Webhook{WebhookId: &h.ID, Name: &h.Name, Description: optional(h.Text), Url: &h.URL, Status: WebhookStatus(h.Status),
		CreationTimestamp: &h.Created, LastUpdatedTimestamp: &h.Updated}
	for _, name := range h.Events {
		entity, action, _ := strings.Cut(strings.ToUpper(name), ".")
		w.Events = append(w.Events, &WebhookEvent{Entity: WebhookEntity(entity), Action: WebhookAction(action)})
	}
	return w
}
