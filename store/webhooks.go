package store

import (
	"crypto/aes"
	"crypto/cipher"
	"database/sql"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/registry/webhook"
)

// settingWebhooks is a setting that no caller reaches: another value whenever webhooks changed. Settings are part of the access map, so each
// write knows at once, on every replica and without a query, whether the webhooks it has in memory are those of its own moment.
const settingWebhooks = "bailiwick.webhooks"

// listening are the active webhooks as of a value of the setting, by the model that they hear of; 0 = all.
type listening struct {
	mark string
	to   map[int64][]*webhook.Hook
}

// Emit writes down, in the transaction in which it happened, what the webhooks that listen to an event are to be sent. Where nobody ever made
// a webhook it does nothing.
func (tx *Tx) Emit(e *webhook.Event) error {
	mark, ever := tx.Map.Setting(settingWebhooks)
	if !ever {
		return nil
	}
	l := tx.s.listening.Load()
	if l == nil || l.mark != mark {
		var err error
		if l, err = tx.listen(mark); err != nil {
			return err
		}
	}
	for _, model := range []int64{0, e.Model} {
		for _, h := range l.to[model] {
			if err := tx.deliver(h, e); err != nil {
				return err
			}
		}
	}
	return nil
}

func (tx *Tx) listen(mark string) (*listening, error) {
	hooks, err := tx.hooksWhere("WHERE status = ?", string(webhook.Active))
	if err != nil {
		return nil, err
	}
	l := &listening{mark, map[int64][]*webhook.Hook{}}
	for _, h := range hooks {
		l.to[h.Model] = append(l.to[h.Model], h)
	}
	tx.s.listening.Store(l)
	return l, nil
}

// deliver puts the deliveries of an event to one webhook on their way.
func (tx *Tx) deliver(h *webhook.Hook, e *webhook.Event) error {
	for _, name := range h.Listens(e) {
		id := uuid.NewString()
		err := tx.do(`INSERT INTO webhook_deliveries (id, webhook, event, body, at, state, due, claim, tries, since, ended, status, answer)
			VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, 0, '')`, id, h.ID, name, h.Body(name, e, id), e.At, string(webhook.Pending), tx.Now)
		if err != nil {
			return err
		}
	}
	return nil
}

// NewHookID gives the id of a new webhook.
func NewHookID() string { return strings.ReplaceAll(uuid.NewString(), "-", "") }

// Limits of webhooks: of all, of those that hear of all models, of one model's, and of what one person makes for models. Each event is
// written down once for every one that listens; anybody may make models, and must not use up the room of others.
const (
	maxHooks         = 5000
	maxRegistryHooks = 100
	maxModelHooks    = 20
	maxOwnHooks      = 200
)

// hooksChanged tells all replicas that webhooks are other ones now.
func (tx *Tx) hooksChanged() error {
	return tx.Govern(authz.Event{Op: authz.PutSetting, Setting: &authz.Setting{Key: settingWebhooks, Value: strconv.FormatInt(tx.NextID(), 36)}})
}

// CreateHook makes a webhook; fail.Limit when there are too many.
func (tx *Tx) CreateHook(h *webhook.Hook, s webhook.Secrets) error {
	if err := tx.roomForHook(h); err != nil {
		return err
	}
	h.Created, h.Updated, h.Has = tx.Now, tx.Now, s.Held()
	sealed, err := tx.s.seal(h.ID, s)
	if err != nil {
		return err
	}
	err = tx.do(`INSERT INTO webhooks (id, protocol, model, name, description, url, job, insecure, status, events, held, secrets, creator, created,
		updated) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, h.ID, string(h.Protocol), h.Model, h.Name, h.Text, h.URL, h.Job,
		flag(h.Insecure), string(h.Status), strings.Join(h.Events, " "), heldBits(h.Has), sealed, h.Creator, h.Created, h.Updated)
	if err != nil {
		return err
	}
	return tx.hooksChanged()
}

func (tx *Tx) roomForHook(h *webhook.Hook) error {
	var all, same, own int64
	_, err := tx.one([]any{&all, &same, &own}, `SELECT COUNT(*), COALESCE(SUM(CASE WHEN model = ? THEN 1 ELSE 0 END), 0),
		COALESCE(SUM(CASE WHEN creator = ? AND model <> 0 THEN 1 ELSE 0 END), 0) FROM webhooks`, h.Model, h.Creator)
	switch {
	case err != nil:
		return err
	case h.Model == 0 && same >= maxRegistryHooks:
		return fail.New(fail.Limit, "The registry has %d webhooks already, and may not have more: delete one that is not needed.", same)
	case h.Model != 0 && same >= maxModelHooks:
		return fail.New(fail.Limit, "The model has %d webhooks already, and may not have more: delete one that is not needed.", same)
	case h.Model != 0 && own >= maxOwnHooks:
		return fail.New(fail.Limit, "You made %d webhooks already, and may not make more: delete one that is not needed.", own)
	case all >= maxHooks:
		return fail.New(fail.Limit, "There are %d webhooks already, and no room for more: delete one that is not needed.", all)
	}
	return nil
}

// UpdateHook puts a webhook and its secrets in the place of what they were. What is on its way to one that is not active any more is given
// up: it may be sent again when it is.
func (tx *Tx) UpdateHook(h *webhook.Hook, s webhook.Secrets) error {
	h.Updated, h.Has = tx.Now, s.Held()
	sealed, err := tx.s.seal(h.ID, s)
	if err != nil {
		return err
	}
	err = tx.do(`UPDATE webhooks SET name = ?, description = ?, url = ?, job = ?, insecure = ?, status = ?, events = ?, held = ?, secrets = ?,
		updated = ? WHERE id = ?`, h.Name, h.Text, h.URL, h.Job, flag(h.Insecure), string(h.Status), strings.Join(h.Events, " "),
		heldBits(h.Has), sealed, h.Updated, h.ID)
	if err == nil && h.Status != webhook.Active {
		err = tx.do("UPDATE webhook_deliveries SET state = ?, claim = 0, ended = ?, answer = ? WHERE webhook = ? AND state = ?", string(webhook.Dead),
			tx.Now, "given up: the webhook was set to "+string(h.Status), h.ID, string(webhook.Pending))
	}
	if err != nil {
		return err
	}
	return tx.hooksChanged()
}

// DeleteHook removes a webhook with its log and what was still to be sent to it.
func (tx *Tx) DeleteHook(id string) error {
	if err := tx.dropHook(id); err != nil {
		return err
	}
	return tx.hooksChanged()
}

func (tx *Tx) dropHook(id string) error {
	for _, q := range []string{
		"DELETE FROM webhook_attempts WHERE delivery IN (SELECT id FROM webhook_deliveries WHERE webhook = ?)",
		"DELETE FROM webhook_deliveries WHERE webhook = ?", "DELETE FROM webhooks WHERE id = ?",
	} {
		if err := tx.do(q, id); err != nil {
			return err
		}
	}
	return nil
}

// dropModelWebhooks removes the webhooks of a model that is going. Nobody needs to be told: no event of that model comes again.
func (tx *Tx) dropModelWebhooks(model int64) error {
	hooks, err := tx.hooksWhere("WHERE model = ?", model)
	for _, h := range hooks {
		if err == nil && model != 0 {
			err = tx.dropHook(h.ID)
		}
	}
	return err
}

const hookColumns = "SELECT id, protocol, model, name, description, url, job, insecure, status, events, held, creator, created, updated FROM webhooks "

// Hooks gives the webhooks of a protocol, the newest first.
func (tx *Tx) Hooks(p webhook.Protocol) ([]*webhook.Hook, error) {
	return tx.hooksWhere("WHERE protocol = ? ORDER BY created DESC, id DESC", string(p))
}

// Hook gives a webhook; fail.NotFound for an id that is none.
func (tx *Tx) Hook(id string) (*webhook.Hook, error) {
	hooks, err := tx.hooksWhere("WHERE id = ?", id)
	if err != nil {
		return nil, err
	}
	if len(hooks) == 0 {
		return nil, NoHook(id)
	}
	return hooks[0], nil
}

// NoHook is what is said of a webhook that does not exist, or may not be known.
func NoHook(id string) error { return fail.NotFoundf("Webhook with id '%s' does not exist.", id) }

func (tx *Tx) hooksWhere(where string, args ...any) (all []*webhook.Hook, err error) {
	err = tx.each(func(r *sql.Rows) error {
		var h webhook.Hook
		var protocol, status, events string
		var insecure, held int64
		err := r.Scan(&h.ID, &protocol, &h.Model, &h.Name, &h.Text, &h.URL, &h.Job, &insecure, &status, &events, &held, &h.Creator, &h.Created, &h.Updated)
		h.Protocol, h.Status, h.Events, h.Insecure = webhook.Protocol(protocol), webhook.Status(status), strings.Fields(events), insecure != 0
		h.Has = webhook.Held{Key: held&1 != 0, Authorization: held&2 != 0, Token: held&4 != 0}
		all = append(all, &h)
		return err
	}, hookColumns+where, args...)
	return all, err
}

func heldBits(h webhook.Held) int64 { return flag(h.Key) | flag(h.Authorization)<<1 | flag(h.Token)<<2 }

// HookSecrets gives what is secret about a webhook, for sending and for changing it.
func (tx *Tx) HookSecrets(id string) (s webhook.Secrets, err error) {
	var sealed []byte
	found, err := tx.one([]any{&sealed}, "SELECT secrets FROM webhooks WHERE id = ?", id)
	if err != nil {
		return s, err
	}
	if !found {
		return s, NoHook(id)
	}
	return tx.s.unseal(id, sealed)
}

// sealer is AES-256 in Galois counter mode under the installation's key of webhooks. The id goes into the seal, so that rows cannot be swapped.
func (s *Store) sealer() (cipher.AEAD, error) {
	block, err := aes.NewCipher(s.Key("webhooks"))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func (s *Store) seal(id string, secrets webhook.Secrets) ([]byte, error) {
	text, err := json.Marshal(secrets)
	if err != nil {
		return nil, err
	}
	aead, err := s.sealer()
	if err != nil {
		return nil, err
	}
	return aead.Seal(nil, nil, text, []byte(id)), nil
}

func (s *Store) unseal(id string, sealed []byte) (secrets webhook.Secrets, err error) {
	aead, err := s.sealer()
	if err != nil {
		return secrets, err
	}
	text, err := aead.Open(nil, nil, sealed, []byte(id))
	if err != nil {
		return secrets, fail.Internalf(err, "the secrets of webhook %s cannot be read with this installation's key", id)
	}
	return secrets, json.Unmarshal(text, &secrets)
}
