package databricks

import (
	"encoding/base64"
	"io"
	"strconv"

	"bailiwick/api"
	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/secret"
	"bailiwick/store"
)

// secretRoutes is the Secrets API. What needs a data key goes in three steps: found and decided, the key unwrapped outside of any transaction, decided
// again and done. Reading a value is one of these, so the entry of its use is durable before the answer.
func (f *Front) secretRoutes() []api.Route {
	values := api.Body[putSecret](1 << 20) // room for a value of full size in base64 or with each character escaped
	return []api.Route{
		api.Upload("POST /secrets/scopes/create", authz.CreateScopes, findNewScope, f.makeDataKey, createScope,
			api.Decoded[newScope], api.As[newScope]("createScope")),
		api.Write("POST /secrets/scopes/delete", authz.ManageScope, findScope, deleteScope,
			api.As[scopeNamed]("deleteScope"), api.Alone[scopeNamed]),
		api.List("GET /secrets/scopes/list", authz.ListSecrets, authz.SecretScope, listScopes, api.As[noFields]("listScopes")),

		api.Upload("POST /secrets/put", authz.PutSecrets, findForPut, f.unlockForPut, putValue,
			api.Decoded[putSecret], api.As[putSecret]("putSecret"), values),
		api.Write("POST /secrets/delete", authz.PutSecrets, findSecret, deleteSecret, api.As[secretNamed]("deleteSecret")),
		api.Read("GET /secrets/list", authz.ListSecrets, findScope, listSecrets, api.As[scopeNamed]("listSecrets")),
		api.Upload("GET /secrets/get", authz.ReadSecret, findForGet, f.unlockForGet, getValue,
			api.Decoded[secretNamed], api.As[secretNamed]("getSecret")),

		api.Write("POST /secrets/acls/put", authz.ManageScope, findForACL, putScopeACL, api.As[scopeACL]("putAcl"), api.Alone[scopeACL]),
		api.Write("POST /secrets/acls/delete", authz.ManageScope, findForACL, deleteScopeACL, api.As[scopeACL]("deleteAcl"), api.Alone[scopeACL]),
		api.Read("GET /secrets/acls/get", authz.ReadPermissions, findForACL, getScopeACL, api.Audit[scopeACL](api.Each, "", "getAcl")),
		api.Read("GET /secrets/acls/list", authz.ReadPermissions, findScope, listScopeACLs, api.Audit[scopeNamed](api.Each, "", "listAcls")),
	}
}

// newScope asks for a scope. The other kind of scope, which is backed by a vault of Azure's, is refused.
type newScope struct {
	Scope   string         `json:"scope"`
	Manager string         `json:"initial_manage_principal"`
	Backend string         `json:"scope_backend_type"`
	Vault   map[string]any `json:"backend_azure_keyvault"`
}

// scopeNamed names a scope: in the body of a POST, in the address of a GET.
type scopeNamed struct {
	Scope string `json:"scope" query:"scope"`
}

// secretNamed names a secret. Version is ours: an older version that still holds; 0 = the newest.
type secretNamed struct {
	Scope   string `json:"scope" query:"scope"`
	Key     string `json:"key" query:"key"`
	Version int64  `json:"-" query:"version"`
}

// putSecret brings a value: exactly one of the two.
type putSecret struct {
	Scope string  `json:"scope"`
	Key   string  `json:"key"`
	Text  *string `json:"string_value"`
	Bytes *string `json:"bytes_value"` // base64
}

type scopeInfo struct {
	Name    string `json:"name"`
	Backend string `json:"backend_type"`
}

type scopeList struct {
	Scopes []scopeInfo `json:"scopes"`
}

type secretInfo struct {
	Key     string `json:"key"`
	Updated int64  `json:"last_updated_timestamp"`
}

type secretList struct {
	Secrets []secretInfo `json:"secrets"`
}

type secretValue struct {
	Key   string `json:"key"`
	Value string `json:"value"` // base64
}

// backend is the only kind of scope: values are kept here.
const backend = "DATABRICKS"

// scope is a scope that was found, with its data key where the call needs it.
type scope struct {
	secret.Scope
	key secret.DataKey
}

// unlocked is a data key outside of its wrapping.
type unlocked struct {
	id  int64
	key []byte
}

// named finds a scope by its name.
func named(c *api.Call, name string) (scope, api.Target, error) {
	s, err := c.Tx.SecretScope(name)
	if err != nil {
		return scope{}, api.Target{}, err
	}
	c.Note("scope", s.Name)
	return scope{Scope: s}, api.Target{Object: s.Object, Absent: store.AbsentScope(name)}, nil
}

// namedWithKey is named, with the data key.
func namedWithKey(c *api.Call, name string) (scope, api.Target, error) {
	s, target, err := named(c, name)
	if err == nil {
		s.key, err = c.Tx.DataKeyOf(s.Object)
	}
	return s, target, err
}

func findScope(c *api.Call, q *scopeNamed) (scope, api.Target, error) { return named(c, q.Scope) }

func findSecret(c *api.Call, q *secretNamed) (scope, api.Target, error) { return named(c, q.Scope) }

func findForGet(c *api.Call, q *secretNamed) (scope, api.Target, error) {
	return namedWithKey(c, q.Scope)
}

func findForPut(c *api.Call, q *putSecret) (scope, api.Target, error) {
	return namedWithKey(c, q.Scope)
}

// findNewScope gives the key-encryption key that the new scope's data key is to be wrapped under.
func findNewScope(c *api.Call, _ *newScope) (kek string, t api.Target, err error) {
	kek, err = c.Tx.ActiveKEK()
	return kek, api.Target{Object: authz.WorkspaceObject}, err
}

func (q *newScope) check() error {
	switch {
	case q.Backend != "" && q.Backend != backend || q.Vault != nil:
		return fail.Invalidf("scope_backend_type: only %s is known here; values are kept in this server.", backend)
	case q.Manager != "" && q.Manager != "users":
		return fail.Invalidf("initial_manage_principal: only users can be named; leave it out to manage the scope yourself.")
	}
	return secret.CheckScope(q.Scope)
}

// makeDataKey makes the data key of a new scope, outside of any transaction.
func (f *Front) makeDataKey(c *api.Call, kek string, q *newScope, _ io.Reader) (secret.DataKey, error) {
	if err := q.check(); err != nil {
		return secret.DataKey{}, err
	}
	if kek == "" {
		return secret.DataKey{}, fail.Statef("There is no key-encryption key yet, so nothing can be kept secret; the server's log says why.")
	}
	return f.Vault.NewDataKey(c.Context(), store.NewObjectID(), store.NewObjectID(), kek)
}

// createScope makes the scope, which its creator manages, or everybody where he asked for that.
func createScope(c *api.Call, _ string, q *newScope, key secret.DataKey) (*empty, error) {
	c.Note("scope", q.Scope)
	if q.Manager != "" {
		c.Note("initial_manage_principal", q.Manager)
	}
	s := secret.Scope{Object: key.Scope, Name: q.Scope}
	if err := c.Tx.CreateSecretScope(s, key); err != nil {
		return nil, err
	}
	o := authz.Object{ID: s.Object, Kind: authz.SecretScope, Parent: authz.WorkspaceObject, Name: s.Name, Creator: c.Who.Principal,
		CreatorManages: q.Manager == ""}
	if q.Manager != "" {
		o.Entries = []authz.Entry{{Principal: authz.GroupUsers, Level: authz.SecretManage}}
	}
	c.About(o.ID)
	return &empty{}, c.Tx.Govern(authz.Event{Op: authz.PutObject, Object: &o})
}

func deleteScope(c *api.Call, s scope, _ *scopeNamed) (*empty, error) {
	if err := c.Tx.DropSecretScope(s.Object); err != nil {
		return nil, err
	}
	return &empty{}, c.Tx.Govern(authz.Event{Op: authz.DropObject, Object: &authz.Object{ID: s.Object}})
}

// listScopes gives the scopes whose secrets the caller may list: of others not even the names are told.
func listScopes(c *api.Call, seen authz.Scope, _ *noFields) (*scopeList, error) {
	all, err := c.Tx.SecretScopes()
	a := &scopeList{Scopes: []scopeInfo{}}
	for _, s := range all {
		if o, ok := c.Tx.Map.Object(s.Object); ok && seen.AdmitsIn(c.Tx.Map, o) {
			a.Scopes = append(a.Scopes, scopeInfo{s.Name, backend})
		}
	}
	return a, err
}

// value reads the value of a put. No error repeats any of it.
func (q *putSecret) value() (value []byte, err error) {
	if (q.Text == nil) == (q.Bytes == nil) {
		return nil, fail.Invalidf("Exactly one of string_value and bytes_value is needed.")
	}
	if q.Text != nil {
		return []byte(*q.Text), secret.CheckValue([]byte(*q.Text))
	}
	if value, err = base64.StdEncoding.DecodeString(*q.Bytes); err != nil {
		return nil, fail.Invalidf("bytes_value: not base64.")
	}
	return value, secret.CheckValue(value)
}

// unlockForPut sees to it that the request makes sense, and that the data key is at hand.
func (f *Front) unlockForPut(c *api.Call, s scope, q *putSecret, _ io.Reader) (unlocked, error) {
	if err := secret.CheckKey(q.Key); err != nil {
		return unlocked{}, err
	}
	if _, err := q.value(); err != nil {
		return unlocked{}, err
	}
	return f.unlock(c, s)
}

func (f *Front) unlockForGet(c *api.Call, s scope, _ *secretNamed, _ io.Reader) (unlocked, error) {
	return f.unlock(c, s)
}

func (f *Front) unlock(c *api.Call, s scope) (unlocked, error) {
	key, err := f.Vault.DataKey(c.Context(), s.key)
	return unlocked{s.key.ID, key}, err
}

// fits refuses a data key that is not the scope's any more: it was deleted and made again while the call was under way.
func (s *scope) fits(u unlocked) error {
	if s.key.ID != u.id {
		return fail.New(fail.Conflict, "Scope %s was made anew meanwhile; try again.", s.Name)
	}
	return nil
}

func putValue(c *api.Call, s scope, q *putSecret, u unlocked) (*empty, error) {
	if err := s.fits(u); err != nil {
		return nil, err
	}
	value, err := q.value()
	if err != nil {
		return nil, err
	}
	c.Note("key", q.Key)
	v, err := c.Tx.PutSecret(store.Put{Scope: s.Object, Key: q.Key, By: c.Who.Principal, DataKey: u.id}, func(p secret.Place) ([]byte, error) {
		return secret.Seal(random, u.key, p, value)
	})
	c.Note("version", strconv.FormatInt(v.Number, 10))
	return &empty{}, err
}

func deleteSecret(c *api.Call, s scope, q *secretNamed) (*empty, error) {
	if err := c.Tx.DeleteSecret(s.Object, q.Key); err != nil {
		return nil, err
	}
	c.Note("key", q.Key)
	return &empty{}, nil
}

func listSecrets(c *api.Call, s scope, _ *scopeNamed) (*secretList, error) {
	all, err := c.Tx.Secrets(s.Object)
	a := &secretList{Secrets: []secretInfo{}}
	for _, i := range all {
		a.Secrets = append(a.Secrets, secretInfo{i.Key, i.Updated})
	}
	return a, err
}

// getValue gives a value and notes who has it now.
func getValue(c *api.Call, s scope, q *secretNamed, u unlocked) (*secretValue, error) {
	if err := s.fits(u); err != nil {
		return nil, err
	}
	v, err := c.Tx.SecretVersion(s.Object, q.Key, q.Version)
	if err != nil {
		return nil, err
	}
	if !v.Holds(c.Tx.Now) {
		return nil, fail.NotFoundf("Version %d of the secret does not hold any more.", v.Number)
	}
	value, err := secret.Open(u.key, c.Tx.SecretPlace(s.Object, q.Key, &v), v.Sealed)
	if err != nil {
		return nil, err
	}
	c.Note("key", q.Key)
	c.Note("version", strconv.FormatInt(v.Number, 10))
	reader := secret.Reader{Principal: c.Who.Principal, Credential: c.Who.Credential, Source: c.Source()}
	return &secretValue{q.Key, base64.StdEncoding.EncodeToString(value)}, c.Tx.NoteSecretRead(s.Object, q.Key, v.Number, reader)
}
