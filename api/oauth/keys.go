package oauth

import (
	"context"
	"strings"
	"time"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/bearer"
	"bailiwick/fail"
	"bailiwick/store"
)

// keyOverlap is how long a key that signs no more counts: as long as what it signed last lives, and a little.
const keyOverlap = bearer.Life + 5*time.Minute

// Routes are the endpoints that are served with this product's own: the keys that sign, and their rotation.
func (f *Front) Routes() []api.Route {
	return []api.Route{
		api.Read("GET /oauth/signing-keys", authz.ManageSettings, api.At[nothing](authz.WorkspaceObject), listKeys),
		api.Write("POST /oauth/signing-keys/rotate", authz.ManageSettings, api.At[rotateRequest](authz.WorkspaceObject), f.rotate,
			api.As[rotateRequest]("rotateSigningKey"), api.Alone[rotateRequest]),
	}
}

type signingKey struct {
	ID      string `json:"kid"`
	Created int64  `json:"created_at"` // ms since 1970
	Signs   bool   `json:"signs"`
}

type signingKeys struct {
	Keys []signingKey `json:"signing_keys"`
}

func listKeys(c *api.Call, _ int64, _ *nothing) (*signingKeys, error) {
	a := &signingKeys{Keys: []signingKey{}}
	for i, id := range strings.Fields(keys(c.Tx.Map)) {
		_, made, err := c.Tx.SigningKey(id)
		if err != nil {
			return nil, err
		}
		a.Keys = append(a.Keys, signingKey{id, made, i == 0})
	}
	return a, nil
}

type rotateRequest struct {
	// Withdraw ends the keys so far at once, and with them every access token that they have signed: for a key that somebody else may have.
	Withdraw bool `json:"withdraw_old"`
}

func (f *Front) rotate(c *api.Call, _ int64, q *rotateRequest) (*signingKeys, error) {
	if err := f.Rotate(c.Tx, q.Withdraw); err != nil {
		return nil, err
	}
	c.Note("kid", strings.Fields(keys(c.Tx.Map))[0])
	if q.Withdraw {
		c.Note("withdrawn", "true")
	}
	return listKeys(c, 0, nil)
}

// Rotate makes a new key, which signs from the transaction's commit on; the ones before count for a while yet, or not at all (withdraw). Which
// keys count is a setting in the access map, so every replica knows it on its next call.
func (f *Front) Rotate(tx *store.Tx, withdraw bool) error {
	k, err := bearer.NewKey()
	if err != nil {
		return err
	}
	text, err := k.Encode()
	if err != nil {
		return err
	}
	sealed, err := f.Sealer.Seal(text, []byte(k.ID))
	if err != nil {
		return fail.Internalf(err, "the signing key could not be sealed")
	}
	if err := tx.PutSigningKey(k.ID, sealed); err != nil {
		return err
	}
	count, stopped := []string{k.ID}, tx.Now
	for id := range strings.FieldsSeq(keys(tx.Map)) {
		_, made, err := tx.SigningKey(id)
		if err != nil {
			return err
		}
		if !withdraw && tx.Now-stopped < keyOverlap.Milliseconds() {
			count = append(count, id)
		} else if err := tx.DropSigningKey(id); err != nil {
			return err
		}
		stopped = made // the one before it signed until this one was there
	}
	return tx.Govern(authz.Event{Op: authz.PutSetting, Setting: &authz.Setting{Key: authz.SettingSigningKeys, Value: strings.Join(count, " ")}})
}

// Start makes the first key where there is none.
func (f *Front) Start(ctx context.Context, write func(context.Context, func(*store.Tx) error) error) error {
	if keys(f.Map()) != "" {
		return nil
	}
	return write(ctx, func(tx *store.Tx) error {
		if keys(tx.Map) != "" { // another replica was faster
			return nil
		}
		if err := f.Rotate(tx, false); err != nil {
			return err
		}
		return tx.Record(store.SystemEntry("accounts", "rotateSigningKey"), authz.WorkspaceObject)
	})
}

// LoadKey gives a key as the ring asks for it.
func (f *Front) LoadKey(ctx context.Context, id string) (k *bearer.Key, err error) {
	var sealed []byte
	err = f.Read(ctx, func(tx *store.Tx) error {
		sealed, _, err = tx.SigningKey(id)
		return err
	})
	if err != nil {
		return nil, err
	}
	text, err := f.Sealer.Open(sealed, []byte(id))
	if err != nil {
		return nil, fail.Internalf(err, "the signing key %s could not be opened", id)
	}
	return bearer.DecodeKey(id, text)
}
