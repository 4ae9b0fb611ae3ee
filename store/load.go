package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"strings"

	"bailiwick/authz"
	"bailiwick/ledger"
	"bailiwick/policy"
)

// lastStamp is above what is sealed, too: an entry that got a lower stamp, by a clock that was set back, would never be sealed.
const lastStamp = "SELECT MAX((SELECT COALESCE(MAX(stamp), 0) FROM ledger), (SELECT COALESCE(MAX(upto), 0) FROM seals))"

// load builds the access map from the current-state tables, in one snapshot with its version.
func (s *Store) load(ctx context.Context) error {
	if s.d.single {
		var last int64
		if err := s.db.QueryRowContext(ctx, lastStamp).Scan(&last); err != nil {
			return err
		}
		s.committed.Store(last)
	}
	c, put, err := s.reader(ctx)
	if err != nil {
		return err
	}
	defer put()
	tx := &Tx{s: s, c: c, ctx: ctx}
	if _, err := c.exec(ctx, s.d.beginRead); err != nil {
		return err
	}
	defer s.commit(ctx, c)
	if _, err := tx.one([]any{&tx.version}, "SELECT version FROM governance"); err != nil {
		return err
	}
	b := authz.NewBuilder()
	b.ReadPolicies(policy.Compile)
	for _, part := range []func(*authz.Builder) error{tx.loadSettings, tx.loadPrincipals, tx.loadObjects, tx.loadRequired, tx.loadCredentials,
		tx.loadAddresses, tx.loadPolicies} {
		if err := part(b); err != nil {
			return err
		}
	}
	m, err := authz.NewMap(tx.version, b)
	if err != nil {
		return err
	}
	s.current.Store(m)
	return nil
}

func (tx *Tx) loadSettings(b *authz.Builder) error {
	return tx.each(func(r *sql.Rows) error {
		var v authz.Setting
		if err := r.Scan(&v.Key, &v.Value); err != nil {
			return err
		}
		b.AddSetting(v)
		return nil
	}, "SELECT key, value FROM settings")
}

func (tx *Tx) loadPrincipals(b *authz.Builder) error {
	parents := map[int64][]int64{}
	err := tx.each(func(r *sql.Rows) error {
		var member, parent int64
		if err := r.Scan(&member, &parent); err != nil {
			return err
		}
		parents[member] = append(parents[member], parent)
		return nil
	}, "SELECT member, parent FROM memberships ORDER BY member, parent")
	if err != nil {
		return err
	}
	return tx.each(func(r *sql.Rows) error {
		var p authz.Principal
		var kind int64
		var roles string
		if err := r.Scan(&p.ID, &kind, &p.Name, &p.Shown, &p.Active, &p.Directory, &roles); err != nil {
			return err
		}
		p.Kind, p.Parents = authz.PrincipalKind(kind), parents[p.ID]
		if roles != "" {
			p.Roles = strings.Split(roles, "\n")
		}
		b.AddPrincipal(p)
		return nil
	}, "SELECT id, kind, name, shown, active <> 0, directory, roles FROM principals")
}

func (tx *Tx) loadObjects(b *authz.Builder) error {
	entries := map[int64][]authz.Entry{}
	err := tx.each(func(r *sql.Rows) error {
		var object int64
		var e authz.Entry
		var level string
		if err := r.Scan(&object, &e.Principal, &level); err != nil {
			return err
		}
		if err := e.Level.UnmarshalText([]byte(level)); err != nil {
			return err
		}
		entries[object] = append(entries[object], e)
		return nil
	}, "SELECT object, principal, level FROM entries ORDER BY object, principal")
	if err != nil {
		return err
	}
	stewards, err := tx.stewards()
	if err != nil {
		return err
	}
	return tx.each(func(r *sql.Rows) error {
		var o authz.Object
		var kind string
		var manages, trashed, born int64
		if err := r.Scan(&o.ID, &kind, &o.Parent, &o.Name, &o.Creator, &manages, &o.Home, &trashed, &born); err != nil {
			return err
		}
		if err := o.Kind.UnmarshalText([]byte(kind)); err != nil {
			return err
		}
		o.CreatorManages, o.Trashed, o.CreatedOpen = manages != 0, trashed != 0, born != 0
		o.Entries, o.Steward = entries[o.ID], stewards[o.ID]
		b.AddObject(o)
		return nil
	}, "SELECT id, kind, parent, name, creator, creator_manages, home, trashed, created_open FROM objects")
}

// stewards gives who answers for what, by object.
func (tx *Tx) stewards() (map[int64]*authz.Steward, error) {
	all := map[int64]*authz.Steward{}
	return all, tx.each(func(r *sql.Rows) error {
		var object int64
		var s authz.Steward
		err := r.Scan(&object, &s.Owner, &s.Contact, &s.Tier, &s.Lifecycle)
		all[object] = &s
		return err
	}, "SELECT object, owner, contact, tier, lifecycle FROM stewardship")
}

func (tx *Tx) loadRequired(b *authz.Builder) error {
	all := map[int64][]authz.RequiredTag{}
	err := tx.each(func(r *sql.Rows) error {
		var object int64
		var t authz.RequiredTag
		var allowed string
		err := r.Scan(&object, &t.Key, &allowed, &t.By)
		if allowed != "" {
			t.Allowed = strings.Split(allowed, "\n")
		}
		all[object] = append(all[object], t)
		return err
	}, "SELECT object, key, allowed, asked_by FROM required_tags ORDER BY object, key")
	for object, tags := range all {
		b.AddRequired(authz.RequiredTags{Object: object, Tags: tags})
	}
	return err
}

func (tx *Tx) loadCredentials(b *authz.Builder) error {
	return tx.each(func(r *sql.Rows) error {
		var c authz.Credential
		var scopes, assertion, kind, roles string
		var session int64
		err := r.Scan(&c.ID, &c.Principal, &c.Hash, &scopes, &c.Created, &c.Expires, &c.CreatedBy, &c.Comment, &session, &c.Origin, &assertion, &kind,
			&roles)
		if err != nil {
			return err
		}
		if c.By, err = decodeAssertion(assertion); err != nil {
			return err
		}
		c.Scopes, c.Session, c.Kind, c.Roles = strings.Fields(scopes), session != 0, authz.CredentialKind(kind), strings.Fields(roles)
		b.AddCredential(c)
		return nil
	}, "SELECT id, principal, hash, scopes, created, expires, created_by, comment, session, origin, assertion, kind, roles FROM credentials")
}

// encodeAssertion gives what a provider said as the table keeps it, and its name of its own session beside, by which it is looked for.
func encodeAssertion(a *authz.Assertion) (text, sid string, err error) {
	if a == nil {
		return "", "", nil
	}
	b, err := json.Marshal(a)
	return string(b), a.Session, err
}

func decodeAssertion(text string) (*authz.Assertion, error) {
	if text == "" {
		return nil, nil
	}
	a := new(authz.Assertion)
	return a, json.Unmarshal([]byte(text), a)
}

func encodeEvents(events []authz.Event) ([]byte, error) { return json.Marshal(events) }

// eventsOf gives the governance events of a ledger entry's stored text.
func eventsOf(body []byte) ([]authz.Event, error) {
	e, err := ledger.Parse(body)
	if err != nil {
		return nil, err
	}
	var events []authz.Event
	return events, json.Unmarshal(e.Events, &events)
}
