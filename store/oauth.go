package store

import (
	"database/sql"
	"encoding/json"

	"bailiwick/fail"
	"bailiwick/identity"
)

// PutSigningKey keeps a key that access tokens are signed with, sealed.
func (tx *Tx) PutSigningKey(id string, sealed []byte) error {
	return tx.do("INSERT INTO signing_keys (id, sealed, made) VALUES (?, ?, ?)", id, sealed, tx.Now)
}

// SigningKey gives a key as it was kept, and when it was made. Errors: fail.NotFound.
func (tx *Tx) SigningKey(id string) (sealed []byte, made int64, err error) {
	found, err := tx.one([]any{&sealed, &made}, "SELECT sealed, made FROM signing_keys WHERE id = ?", id)
	if err == nil && !found {
		err = fail.NotFoundf("there is no signing key %.40q", id)
	}
	return sealed, made, err
}

// DropSigningKey forgets a key.
func (tx *Tx) DropSigningKey(id string) error {
	return tx.do("DELETE FROM signing_keys WHERE id = ?", id)
}

// Code is a code of a user login as it is kept: Body until it is redeemed, Credential the grant that it became.
type Code struct {
	Body       string
	Until      int64 // ms since 1970
	Credential string
}

// PutCode keeps a code by its hash, and forgets those whose grants would have ended.
func (tx *Tx) PutCode(hash [32]byte, c Code) error {
	if err := tx.do("DELETE FROM oauth_codes WHERE until < ?", tx.Now-identity.GrantLife.Milliseconds()); err != nil {
		return err
	}
	return tx.do("INSERT INTO oauth_codes (hash, body, until) VALUES (?, ?, ?)", hash[:], c.Body, c.Until)
}

// Code gives a code by its hash; ok is false where there is none.
func (tx *Tx) Code(hash [32]byte) (c Code, ok bool, err error) {
	ok, err = tx.one([]any{&c.Body, &c.Until, &c.Credential}, "SELECT body, until, credential FROM oauth_codes WHERE hash = ?", hash[:])
	return c, ok, err
}

// UseCode says what a code became, once; first is false when somebody was faster.
func (tx *Tx) UseCode(hash [32]byte, credential string) (first bool, err error) {
	n, err := tx.exec("UPDATE oauth_codes SET credential = ? WHERE hash = ? AND credential = ''", credential, hash[:])
	return n == 1, err
}

// Refresh is a refresh token as it is kept.
type Refresh struct {
	Credential, Client string
	Made, Used         int64 // ms since 1970; Used = 0 before its one use
}

// PutRefresh keeps a refresh token of a grant by its hash.
func (tx *Tx) PutRefresh(hash [32]byte, credential, client string) error {
	return tx.do("INSERT INTO refresh_tokens (hash, credential, client, made) VALUES (?, ?, ?, ?)", hash[:], credential, client, tx.Now)
}

// Refresh gives a refresh token by its hash; ok is false where there is none, or its grant has gone.
func (tx *Tx) Refresh(hash [32]byte) (r Refresh, ok bool, err error) {
	ok, err = tx.one([]any{&r.Credential, &r.Client, &r.Made, &r.Used},
		"SELECT credential, client, made, used FROM refresh_tokens WHERE hash = ?", hash[:])
	return r, ok, err
}

// UseRefresh writes the one use of a refresh token; first is false when somebody was faster.
func (tx *Tx) UseRefresh(hash [32]byte) (first bool, err error) {
	n, err := tx.exec("UPDATE refresh_tokens SET used = ? WHERE hash = ? AND used = 0", tx.Now, hash[:])
	return n == 1, err
}

const policyColumns = "uid, principal, name, description, rule, made, changed"

// FederationPolicies gives the policies of a service principal, 0 for the account's, by name.
func (tx *Tx) FederationPolicies(principal int64) (all []identity.FederationPolicy, err error) {
	err = tx.each(func(r *sql.Rows) error {
		p, err := scanPolicy(r)
		all = append(all, p)
		return err
	}, "SELECT "+policyColumns+" FROM federation_policies WHERE principal = ? ORDER BY name", principal)
	return all, err
}

func scanPolicy(r *sql.Rows) (p identity.FederationPolicy, err error) {
	var rule []byte
	if err := r.Scan(&p.UID, &p.Principal, &p.Name, &p.Description, &rule, &p.Made, &p.Changed); err != nil {
		return p, err
	}
	return p, json.Unmarshal(rule, &p.Rule)
}

// PutFederationPolicy keeps a policy, a new one or a changed one. Errors: fail.Exists for a name that another has.
func (tx *Tx) PutFederationPolicy(p *identity.FederationPolicy) error {
	rule, err := json.Marshal(p.Rule)
	if err != nil {
		return err
	}
	err = tx.do(`INSERT INTO federation_policies (uid, principal, name, description, issuer, rule, made, changed) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (uid) DO UPDATE SET description = excluded.description, issuer = excluded.issuer, rule = excluded.rule, changed = excluded.changed`,
		p.UID, p.Principal, p.Name, p.Description, p.Rule.Issuer, string(rule), p.Made, p.Changed)
	return exists(err, "Federation policy %s already exists.", p.Name)
}

// DropFederationPolicy forgets a policy.
func (tx *Tx) DropFederationPolicy(uid string) error {
	return tx.do("DELETE FROM federation_policies WHERE uid = ?", uid)
}
