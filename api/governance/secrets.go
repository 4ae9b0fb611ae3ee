package governance

import (
	"io"
	"strconv"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/secret"
	"bailiwick/store"
)

// secretRoutes tell about secrets what Databricks' API does not: versions, who reads which, and the keys that all is wrapped under. Values are never
// among it.
func (f *Front) secretRoutes() []api.Route {
	return []api.Route{
		api.Read("GET /secrets/{scope}/{key}", authz.ListSecrets, findSecret, getSecret,
			api.Audit[secretRequest](api.Behind, "secrets", "listSecretVersions")),
		api.Read("GET /kek", authz.OperateServer, api.At[nothing](authz.WorkspaceObject), getKEK,
			api.Audit[nothing](api.Behind, "secrets", "getKek")),
		api.Upload("POST /kek/rotate", authz.OperateServer, findActiveKEK, f.nextKEK, rotateKEK, api.Decoded[rotation],
			api.Audit[rotation](api.Each, "secrets", "rotateKek"), api.Alone[rotation]),
	}
}

// secretRequest names a secret.
type secretRequest struct {
	Scope string `json:"-" path:"scope"`
	Key   string `json:"-" path:"key"`
}

// secretAnswer is a secret without its values.
type secretAnswer struct {
	Scope    string          `json:"scope"`
	Key      string          `json:"key"`
	ObjectID string          `json:"object_id"`
	Created  int64           `json:"created"`
	Updated  int64           `json:"updated"`
	Newest   int64           `json:"newest_version"`
	Versions []secretVersion `json:"versions"` // newest first
}

// secretVersion is a version of a secret, and who has read it. State is current, overlap (it holds until Until beside the current one) or closed.
type secretVersion struct {
	Version int64          `json:"version"`
	State   string         `json:"state"`
	Created int64          `json:"created"`
	By      principalRef   `json:"created_by"`
	Until   int64          `json:"until,omitempty"`
	Closed  int64          `json:"closed,omitempty"`
	Readers []secretReader `json:"readers"` // the last one first; only for those who manage the scope
}

// secretReader sums up what one credential read of a version.
type secretReader struct {
	Principal  principalRef `json:"principal"`
	Credential string       `json:"credential_id"`
	Count      int64        `json:"count"`
	First      int64        `json:"first"`
	Last       int64        `json:"last"`
	Source     string       `json:"source"`
}

func findSecret(c *api.Call, q *secretRequest) (secret.Scope, api.Target, error) {
	s, err := c.Tx.SecretScope(q.Scope)
	return s, api.Target{Object: s.Object, Absent: store.AbsentScope(q.Scope)}, err
}

func getSecret(c *api.Call, s secret.Scope, q *secretRequest) (*secretAnswer, error) {
	i, err := c.Tx.Secret(s.Object, q.Key)
	if err != nil {
		return nil, err
	}
	versions, err := c.Tx.SecretVersions(s.Object, q.Key)
	if err != nil {
		return nil, err
	}
	readers := map[int64][]secretReader{}
	if c.Can(authz.ManageScope, s.Object) { // whose credentials are whose is not for every reader
		if readers, err = readersOf(c, s.Object, q.Key); err != nil {
			return nil, err
		}
	}
	a := &secretAnswer{Scope: s.Name, Key: i.Key, ObjectID: strconv.FormatInt(s.Object, 10), Created: i.Created, Updated: i.Updated, Newest: i.Newest}
	for _, v := range versions {
		a.Versions = append(a.Versions, secretVersion{
			Version: v.Number, State: versionState(&v, i.Newest, c.Tx.Now), Created: v.Created, By: principalOf(c.Tx.Map, v.CreatedBy), Until: v.Until,
			Closed: v.Closed, Readers: append([]secretReader{}, readers[v.Number]...),
		})
	}
	return a, nil
}

func readersOf(c *api.Call, scope int64, key string) (map[int64][]secretReader, error) {
	reads, err := c.Tx.SecretReads(scope, key)
	of := map[int64][]secretReader{}
	for _, r := range reads {
		of[r.Version] = append(of[r.Version], secretReader{principalOf(c.Tx.Map, r.Principal), r.Credential, r.Count, r.First, r.Last, r.Source})
	}
	return of, err
}

func versionState(v *secret.Version, newest, now int64) string {
	switch {
	case !v.Holds(now):
		return "closed"
	case v.Number == newest:
		return "current"
	}
	return "overlap"
}

// kekAnswer is how far a rotation is.
type kekAnswer struct {
	Active string `json:"active"`
	// Left is how many data keys are still wrapped under other keys.
	Left int64     `json:"left"`
	Keys []kekInfo `json:"keys"` // the active one first
}

type kekInfo struct {
	ID       string          `json:"id"`
	State    secret.KEKState `json:"state"`
	Since    int64           `json:"since"`
	DataKeys int64           `json:"data_keys"`
}

func getKEK(c *api.Call, _ int64, _ *nothing) (*kekAnswer, error) { return keksOf(c) }

func keksOf(c *api.Call) (*kekAnswer, error) {
	all, err := c.Tx.KEKs()
	a := &kekAnswer{Keys: []kekInfo{}}
	for _, k := range all {
		a.Keys = append(a.Keys, kekInfo{k.ID, k.State, k.Since, k.DataKeys})
		if k.State == secret.KEKActive {
			a.Active = k.ID
		} else {
			a.Left += k.DataKeys
		}
	}
	return a, err
}

// rotation asks for another key-encryption key.
type rotation struct {
	Reason string `json:"reason"`
}

func findActiveKEK(c *api.Call, _ *rotation) (active string, t api.Target, err error) {
	active, err = c.Tx.ActiveKEK()
	return active, api.Target{Object: authz.WorkspaceObject}, err
}

// nextKEK gives the key to rotate to, made where there is none that is newer.
func (f *Front) nextKEK(c *api.Call, active string, _ *rotation, _ io.Reader) (string, error) {
	if active == "" {
		return "", fail.Statef("There is no key-encryption key yet; the server's log says why.")
	}
	id, err := f.Vault.Next(c.Context(), active)
	if err != nil && fail.KindOf(err) == fail.Internal {
		err = fail.Statef("A key-encryption key could not be made: %v. Where the server may not write its file, add one by bailiwick secrets new-kek.", err)
	}
	return id, err
}

// rotateKEK makes it the active one at once; what is wrapped under others is wrapped anew by and by, and opens all the while.
func rotateKEK(c *api.Call, before string, q *rotation, id string) (*kekAnswer, error) {
	c.Note("from", before)
	c.Note("to", id)
	c.Because(q.Reason)
	if err := c.Tx.ActivateKEK(id); err != nil {
		return nil, err
	}
	return keksOf(c)
}
