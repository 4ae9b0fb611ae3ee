package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"

	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/ledger"
	"bailiwick/registry/webhook"
)

const deliveryColumns = "SELECT id, webhook, event, body, at, state, due, tries, since, ended, status, answer FROM webhook_deliveries "

func (tx *Tx) deliveriesWhere(where string, args ...any) (all []webhook.Delivery, err error) {
	err = tx.each(func(r *sql.Rows) error {
		var d webhook.Delivery
		var state string
		err := r.Scan(&d.ID, &d.Hook, &d.Event, &d.Body, &d.At, &state, &d.Due, &d.Tries, &d.Since, &d.Ended, &d.Status, &d.Answer)
		d.State = webhook.State(state)
		all = append(all, d)
		return err
	}, deliveryColumns+where, args...)
	return all, err
}

// AnyHooks says whether there ever was a webhook, as far as this process knows.
func (s *Store) AnyHooks() bool {
	_, ever := s.Map().Setting(settingWebhooks)
	return ever
}

// DueHooks gives the webhooks to which something is to be sent now.
func (tx *Tx) DueHooks() (ids []string, err error) {
	err = tx.each(func(r *sql.Rows) error {
		var id string
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	}, "SELECT DISTINCT webhook FROM webhook_deliveries WHERE state = 'pending' AND due <= ?", tx.Now)
	return ids, err
}

// Claimed is a delivery that is the caller's alone to send until its lease ends, with what it takes.
type Claimed struct {
	webhook.Delivery
	Hook    *webhook.Hook
	Secrets webhook.Secrets
	// Mark proves the claim when it is settled.
	Mark int64
}

// Claim takes the lease (ms) of up to n deliveries of a webhook that are due, with what proves them, which is a use of a secret's value and
// stands in the ledger as such. Who settles one after its lease ended finds that it may be somebody else's by then.
func (tx *Tx) Claim(hook string, n int, lease int64) (all []Claimed, err error) {
	due, err := tx.deliveriesWhere("WHERE webhook = ? AND state = 'pending' AND due <= ? ORDER BY due, id LIMIT ?", hook, tx.Now, n)
	if err != nil || len(due) == 0 {
		return nil, err
	}
	h, err := tx.Hook(hook)
	if err != nil {
		return nil, err
	}
	secrets, err := tx.HookSecrets(hook)
	if err != nil {
		return nil, err
	}
	mark := tx.NextID()
	for _, d := range due {
		// The condition is asked again: another replica may have taken it since.
		n, err := tx.exec("UPDATE webhook_deliveries SET due = ?, claim = ? WHERE id = ? AND state = 'pending' AND due <= ?", tx.Now+lease, mark, d.ID, tx.Now)
		if err != nil {
			return nil, err
		}
		if n == 1 {
			all = append(all, Claimed{d, h, secrets, mark})
		}
	}
	if len(all) == 0 || secrets == (webhook.Secrets{}) {
		return all, nil
	}
	return all, tx.Record(secretsUsed(h, all), cmp.Or(h.Model, authz.WorkspaceObject))
}

// secretsUsed is the entry of the use of a webhook's secrets for deliveries.
func secretsUsed(h *webhook.Hook, all []Claimed) *ledger.Entry {
	e := SystemEntry("modelRegistry", "useWebhookSecret")
	e.Params = ledger.Params{{Key: "webhookId", Value: h.ID}}
	for _, d := range all {
		e.Params = append(e.Params, ledger.Param{Key: "deliveryId", Value: d.ID})
	}
	return e
}

// Settle keeps what came of a try: the attempt, and the delivery as it is now. It changes nothing when the claim is not the caller's any more.
func (tx *Tx) Settle(d *webhook.Delivery, mark int64, a webhook.Attempt) error {
	n, err := tx.exec(`UPDATE webhook_deliveries SET state = ?, due = ?, claim = 0, tries = ?, since = ?, ended = ?, status = ?, answer = ?
		WHERE id = ? AND claim = ?`, string(d.State), d.Due, d.Tries, d.Since, d.Ended, d.Status, d.Answer, d.ID, mark)
	if err != nil || n == 0 {
		return err
	}
	return tx.do(`INSERT INTO webhook_attempts (delivery, n, at, took, status, answer)
		SELECT ?, COALESCE(MAX(n), 0) + 1, ?, ?, ?, ? FROM webhook_attempts WHERE delivery = ?`, d.ID, a.At, a.Took, a.Status, a.Answer, d.ID)
}

// Release gives a claim up before its lease ends: the delivery is due at once.
func (tx *Tx) Release(id string, mark int64) error {
	return tx.do("UPDATE webhook_deliveries SET due = ?, claim = 0 WHERE id = ? AND claim = ?", tx.Now, id, mark)
}

// FreeDeliveries ends all leases: at the start of the only process of a database, whose claims are those of one that is gone.
func (s *Store) FreeDeliveries(ctx context.Context) error {
	return s.Write(ctx, func(tx *Tx) error {
		return tx.do("UPDATE webhook_deliveries SET due = ?, claim = 0 WHERE state = 'pending' AND claim <> 0", tx.Now)
	})
}

// Deliveries gives the log of a webhook, the newest first: of one state or of all (""), at most limit, behind the last one of the page before
// (its At and ID; 0 and "" = the first page).
func (tx *Tx) Deliveries(hook string, state webhook.State, at int64, id string, limit int) ([]webhook.Delivery, error) {
	where, args := "WHERE webhook = ?", []any{hook}
	if state != "" {
		where, args = where+" AND state = ?", append(args, string(state))
	}
	if id != "" {
		where, args = where+" AND (at < ? OR at = ? AND id < ?)", append(args, at, at, id)
	}
	return tx.deliveriesWhere(where+" ORDER BY at DESC, id DESC LIMIT ?", append(args, limit)...)
}

// Delivery gives one delivery of a webhook; fail.NotFound for an id that is none of its.
func (tx *Tx) Delivery(hook, id string) (*webhook.Delivery, error) {
	all, err := tx.deliveriesWhere("WHERE id = ? AND webhook = ?", id, hook)
	if err == nil && len(all) == 0 {
		err = fail.NotFoundf("Delivery '%s' of webhook '%s' does not exist.", id, hook)
	}
	if err != nil {
		return nil, err
	}
	return &all[0], nil
}

// Attempts gives the tries of a delivery, the first first.
func (tx *Tx) Attempts(delivery string) (all []webhook.Attempt, err error) {
	err = tx.each(func(r *sql.Rows) error {
		var a webhook.Attempt
		err := r.Scan(&a.N, &a.At, &a.Took, &a.Status, &a.Answer)
		all = append(all, a)
		return err
	}, "SELECT n, at, took, status, answer FROM webhook_attempts WHERE delivery = ? ORDER BY n", delivery)
	return all, err
}

// Redeliver makes a delivery due again that was delivered or given up, with all its tries; fail.State for one that is still on its way.
func (tx *Tx) Redeliver(hook, id string) error {
	n, err := tx.exec(`UPDATE webhook_deliveries SET state = 'pending', due = ?, claim = 0, tries = 0, since = 0, ended = 0
		WHERE id = ? AND webhook = ? AND state <> 'pending'`, tx.Now, id, hook)
	if err == nil && n == 0 {
		if _, err = tx.Delivery(hook, id); err == nil {
			err = fail.Statef("Delivery '%s' is still on its way: it is tried again by itself.", id)
		}
	}
	return err
}

// dropBatch is how many deliveries one transaction drops.
const dropBatch = 500

// DropDeliveries removes what was delivered, and what was given up, before the given times (ms since 1970) from the logs, and gives the number.
func (s *Store) DropDeliveries(ctx context.Context, delivered, dead int64) (total int, err error) {
	for {
		n := 0
		err := s.Write(ctx, func(tx *Tx) error {
			sent, err := tx.dropEnded(webhook.Delivered, delivered)
			lost, err2 := tx.dropEnded(webhook.Dead, dead)
			n = max(sent, lost)
			total += sent + lost
			return errors.Join(err, err2)
		})
		if err != nil || n < dropBatch {
			return total, err
		}
	}
}

func (tx *Tx) dropEnded(state webhook.State, before int64) (n int, err error) {
	old, err := tx.deliveriesWhere("WHERE state <> 'pending' AND state = ? AND ended < ? ORDER BY ended LIMIT ?", string(state), before, dropBatch)
	for _, d := range old {
		if err == nil {
			err = errors.Join(tx.do("DELETE FROM webhook_attempts WHERE delivery = ?", d.ID), tx.do("DELETE FROM webhook_deliveries WHERE id = ?", d.ID))
		}
	}
	return len(old), err
}
