package governance

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/registry/webhook"
	"bailiwick/store"
	"bailiwick/tracking/search"
)

// webhookRoutes are the delivery logs of webhooks of either protocol, for who manages the webhook, and the sending again of what was given up.
func (f *Front) webhookRoutes() []api.Route {
	hooks, all := authz.ManageModelHooks, authz.ManageRegistryHooks
	one := "/webhooks/{webhook_id}/deliveries/{delivery_id}"
	return []api.Route{
		api.Read("GET /webhooks/{webhook_id}/deliveries", hooks, findHook[deliveriesRequest], listDeliveries, api.Or[deliveriesRequest](all),
			hookAudit[deliveriesRequest](api.Behind, "listWebhookDeliveries")),
		api.Read("GET "+one, hooks, findHook[deliveryRequest], getDelivery, api.Or[deliveryRequest](all),
			hookAudit[deliveryRequest](api.Behind, "getWebhookDelivery")),
		api.Write("POST "+one+"/redeliver", hooks, findHook[deliveryRequest], redeliver, api.Or[deliveryRequest](all),
			hookAudit[deliveryRequest](api.Each, "redeliverWebhook")),
	}
}

func hookAudit[Q any](class api.Class, action string) api.Option[Q] {
	return api.Audit[Q](class, "modelRegistry", action)
}

type deliveriesRequest struct {
	Hook string `json:"-" path:"webhook_id"`
	// State leaves out deliveries that are not pending, delivered or dead.
	State     string `json:"-" query:"state"`
	Max       int    `json:"-" query:"max_results"`
	PageToken string `json:"-" query:"page_token"`
}

type deliveryRequest struct {
	Hook     string `json:"-" path:"webhook_id"`
	Delivery string `json:"-" path:"delivery_id"`
}

func (q *deliveriesRequest) hook() string { return q.Hook }
func (q *deliveryRequest) hook() string   { return q.Hook }

// findHook finds the webhook that a path names. The decision is about its model, or about the registry where it has none.
func findHook[Q any](c *api.Call, q *Q) (*webhook.Hook, api.Target, error) {
	id := any(q).(interface{ hook() string }).hook()
	h, err := c.Tx.Hook(id)
	switch {
	case err != nil:
		return nil, api.Target{}, err
	case h.Model == 0:
		return h, api.Target{Object: authz.WorkspaceObject, Ability: authz.ManageRegistryHooks}, nil
	}
	return h, api.Target{Object: h.Model, Absent: store.NoHook(id)}, nil
}

// deliveryRow is a delivery in a log. Times are ms since 1970.
type deliveryRow struct {
	ID    string `json:"id"`
	Event string `json:"event"`
	At    int64  `json:"at"`
	State string `json:"state"`
	Tries int64  `json:"tries"`
	// Due is when a pending one is tried next, at the earliest; Ended when it was delivered or given up.
	Due   int64 `json:"due,omitempty"`
	Ended int64 `json:"ended,omitempty"`
	// Status is HTTP's of the last try, 0 where there was no answer; Answer is the beginning of what was said, or what went wrong.
	Status int64  `json:"status_code"`
	Answer string `json:"answer"`
}

func deliveryRowOf(d *webhook.Delivery) deliveryRow {
	row := deliveryRow{d.ID, d.Event, d.At, string(d.State), d.Tries, 0, d.Ended, d.Status, d.Answer}
	if d.State == webhook.Pending {
		row.Due = d.Due
	}
	return row
}

type deliveriesAnswer struct {
	Deliveries []deliveryRow `json:"deliveries"`
	Next       string        `json:"next_page_token,omitempty"`
}

const defaultDeliveries, maxDeliveries = 100, 1000

// listDeliveries gives a page of the log, the newest first; state=dead is the list of what was given up.
func listDeliveries(c *api.Call, h *webhook.Hook, q *deliveriesRequest) (*deliveriesAnswer, error) {
	if q.Max < 0 || q.Max > maxDeliveries {
		return nil, fail.Invalidf("max_results must be from 1 to %d, not %d", maxDeliveries, q.Max)
	}
	if states := []string{"", "pending", "delivered", "dead"}; !slices.Contains(states, q.State) {
		return nil, fail.Invalidf("'%s' is no state of a delivery; known: pending, delivered, dead", q.State)
	}
	limit, hash := cmp.Or(q.Max, defaultDeliveries), search.QueryHash("deliveries", h.ID, q.State)
	token, err := search.DecodeToken(q.PageToken, c.PageKey(), c.Who.Principal, hash)
	if err != nil {
		return nil, err
	}
	var after search.Key
	if len(token.After) > 0 {
		after = token.After[0]
	}
	all, err := c.Tx.Deliveries(h.ID, webhook.State(q.State), after.Int, after.Text, limit+1)
	if err != nil {
		return nil, err
	}
	answer := &deliveriesAnswer{Deliveries: []deliveryRow{}}
	if len(all) > limit {
		all = all[:limit]
		last := all[limit-1]
		answer.Next = search.Token{After: search.Cursor{{Int: last.At, Text: last.ID}}}.Encode(c.PageKey(), c.Who.Principal, hash)
	}
	for _, d := range all {
		answer.Deliveries = append(answer.Deliveries, deliveryRowOf(&d))
	}
	return answer, nil
}

// deliveryAnswer is a delivery with what is sent and all its tries.
type deliveryAnswer struct {
	deliveryRow
	Webhook string `json:"webhook_id"`
	// To is the receiver's host: addresses of chats hold what opens them.
	To       string       `json:"host"`
	Body     string       `json:"body"`
	Attempts []attemptRow `json:"attempts"`
}

type attemptRow struct {
	N      int64  `json:"n"`
	At     int64  `json:"at"`
	Took   int64  `json:"took_ms"`
	Status int64  `json:"status_code"`
	Answer string `json:"answer"`
}

func getDelivery(c *api.Call, h *webhook.Hook, q *deliveryRequest) (*deliveryAnswer, error) {
	d, err := c.Tx.Delivery(h.ID, q.Delivery)
	if err != nil {
		return nil, err
	}
	attempts, err := c.Tx.Attempts(d.ID)
	answer := &deliveryAnswer{deliveryRow: deliveryRowOf(d), Webhook: h.ID, To: hostOf(h.URL), Body: d.Body, Attempts: []attemptRow{}}
	for _, a := range attempts {
		answer.Attempts = append(answer.Attempts, attemptRow(a))
	}
	return answer, err
}

func hostOf(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return u.Host
}

// redeliver sends again what was given up, or what was delivered, under the id that it had.
func redeliver(c *api.Call, h *webhook.Hook, q *deliveryRequest) (*deliveryAnswer, error) {
	if h.Status != webhook.Active {
		return nil, fail.Statef("The webhook is %s: set it to ACTIVE, and send again then.", h.Status)
	}
	before, err := c.Tx.Delivery(h.ID, q.Delivery)
	if err != nil {
		return nil, err
	}
	if err := c.Tx.Redeliver(h.ID, q.Delivery); err != nil {
		return nil, err
	}
	c.Note("webhookId", h.ID)
	c.Note("deliveryId", before.ID)
	c.Note("tries", strconv.FormatInt(before.Tries, 10))
	return getDelivery(c, h, q)
}
