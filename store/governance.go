package store

import (
	"slices"
	"strings"

	"bailiwick/authz"
	"bailiwick/fail"
	"bailiwick/identity"
	"bailiwick/ledger"
)

// Govern makes governance changes: the tables and this transaction's map follow the events, and the ledger entry of the transaction
// (Record) carries them. A change that may take access away, or move something (ADR 11), makes the transaction run alone: Govern then returns an
// error that Write understands, and fn is run again.
func (tx *Tx) Govern(events ...authz.Event) error {
	if len(events) == 0 {
		return nil
	}
	if tx.recorded {
		return fail.Internalf(nil, "governance changed after it was recorded")
	}
	if !tx.alone && !tx.widening(events) {
		return errAlone
	}
	if err := tx.nextVersion(); err != nil {
		return err
	}
	m, err := tx.Map.Apply(tx.version, events...)
	if err != nil {
		return err
	}
	if lost := append(authz.LostTokens(m, events), authz.Orphans(m, events)...); len(lost) > 0 {
		if m, err = m.Apply(tx.version, lost...); err != nil {
			return err
		}
		events = slices.Concat(events, lost)
	}
	if err := tx.putAll(events); err != nil {
		return err
	}
	tx.Map = m
	tx.events = append(tx.events, events...)
	return nil
}

// Governed says whether the transaction changed governance.
func (tx *Tx) Governed() bool { return len(tx.events) > 0 }

// nextVersion takes this transaction's governance version, once. On PostgreSQL the row's lock makes others wait, so what they committed
// meanwhile must be folded in first.
func (tx *Tx) nextVersion() error {
	if len(tx.events) > 0 {
		return nil
	}
	if _, err := tx.one([]any{&tx.version}, "UPDATE governance SET version = version + 1 RETURNING version"); err != nil {
		return err
	}
	tx.numbered = true
	if tx.Map.Version() < tx.version-1 {
		m, err := tx.fold(tx.Map, tx.version-1)
		if err != nil {
			return err
		}
		tx.Map = m
	}
	return nil
}

// widening says whether the events only add what was not there: nobody can lose by them.
func (tx *Tx) widening(events []authz.Event) bool {
	for _, e := range events {
		switch e.Op {
		case authz.PutObject:
			if _, ok := tx.Map.Object(e.Object.ID); ok {
				return false
			}
		case authz.PutCredential:
			if _, ok := tx.Map.CredentialByID(e.Credential.ID); ok {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// putAll makes the tables follow the events. A principal that is put once is compared with what he was, so that a group of thousands changes
// by its members' memberships alone.
func (tx *Tx) putAll(events []authz.Event) error {
	again, joining := map[int64]bool{}, []any{}
	made := map[int64]bool{} // objects that this call has put already
	for _, e := range events {
		if old, ok := tx.wasPrincipal(e); ok && !again[old.ID] {
			joins, err := tx.changePrincipal(old, e.Principal)
			if err != nil {
				return err
			}
			again[old.ID], joining = true, append(joining, joins...)
			continue
		}
		if err := tx.join(joining); err != nil {
			return err
		}
		joining = nil
		if err := tx.put(e, made); err != nil {
			return err
		}
		if e.Principal != nil {
			again[e.Principal.ID] = true
		}
	}
	return tx.join(joining)
}

// wasPrincipal gives who an event changes as he was; ok is false for any other event. Built-in groups are in the map before they have rows.
func (tx *Tx) wasPrincipal(e authz.Event) (old *authz.Principal, ok bool) {
	if e.Op != authz.PutPrincipal || e.Principal.ID < authz.FirstFreePrincipal {
		return nil, false
	}
	return tx.Map.Principal(e.Principal.ID)
}

// put makes the tables follow one event; made are the objects that were put before it.
func (tx *Tx) put(e authz.Event, made map[int64]bool) error {
	switch e.Op {
	case authz.PutObject:
		_, had := tx.Map.Object(e.Object.ID)
		had, made[e.Object.ID] = had || made[e.Object.ID], true
		return tx.putObject(e.Object, had)
	case authz.DropObject:
		return tx.dropObject(e.Object.ID)
	case authz.PutPrincipal:
		return tx.putPrincipal(e.Principal)
	case authz.DropPrincipal:
		return tx.dropPrincipal(e.Principal.ID)
	case authz.PutCredential:
		return tx.putCredential(e.Credential)
	case authz.DropCredential:
		return tx.dropCredential(e.Credential.ID)
	case authz.PutSetting:
		return tx.do("INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
			e.Setting.Key, e.Setting.Value)
	case authz.PutRequired:
		return tx.putRequired(e.Required)
	case authz.PutAddresses:
		return tx.putAddresses(e.Addresses)
	case authz.DropAddresses:
		return tx.do("DELETE FROM address_lists WHERE id = ?", e.Addresses.ID)
	case authz.PutPolicies:
		return tx.putPolicies(e.Policies)
	case authz.Other:
		return nil
	}
	return fail.Internalf(nil, "unknown governance event %q", e.Op)
}

// putObject writes an object. Of one that was not there before there is nothing to take away.
func (tx *Tx) putObject(o *authz.Object, had bool) error {
	err := tx.do(`INSERT INTO objects (id, kind, parent, name, creator, creator_manages, home, trashed, created_open, created, updated)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET parent = excluded.parent, name = excluded.name, creator_manages = excluded.creator_manages,
		home = excluded.home, trashed = excluded.trashed, created_open = excluded.created_open, updated = excluded.updated`,
		o.ID, o.Kind.String(), o.Parent, o.Name, o.Creator, flag(o.CreatorManages), o.Home, flag(o.Trashed), flag(o.CreatedOpen), tx.Now, tx.Now)
	if err != nil {
		return exists(err, "%s already exists", o.Name)
	}
	if had {
		if err := tx.do("DELETE FROM entries WHERE object = ?", o.ID); err != nil {
			return err
		}
	}
	for _, e := range o.Entries {
		if err := tx.do("INSERT INTO entries (object, principal, level) VALUES (?, ?, ?)", o.ID, e.Principal, e.Level.String()); err != nil {
			return err
		}
	}
	return tx.putSteward(o, had)
}

// putSteward writes who answers for an object.
func (tx *Tx) putSteward(o *authz.Object, had bool) error {
	if s := o.Steward; s != nil {
		return tx.do(`INSERT INTO stewardship (object, owner, contact, tier, lifecycle) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (object) DO UPDATE SET owner = excluded.owner, contact = excluded.contact, tier = excluded.tier,
			lifecycle = excluded.lifecycle`, o.ID, s.Owner, s.Contact, s.Tier, s.Lifecycle)
	}
	if !had || !o.Kind.Stewarded() {
		return nil
	}
	return tx.do("DELETE FROM stewardship WHERE object = ?", o.ID)
}

// putRequired replaces what an object requires.
func (tx *Tx) putRequired(r *authz.RequiredTags) error {
	if err := tx.do("DELETE FROM required_tags WHERE object = ?", r.Object); err != nil {
		return err
	}
	var rows []any
	for _, t := range r.Tags {
		rows = append(rows, r.Object, t.Key, strings.Join(t.Allowed, "\n"), t.By)
	}
	return tx.putRows("INSERT INTO required_tags (object, key, allowed, asked_by) VALUES (?, ?, ?, ?)", 4, rows)
}

func (tx *Tx) dropObject(id int64) error {
	if err := tx.dropHardCoded(id); err != nil {
		return err
	}
	for _, q := range []string{
		"DELETE FROM entries WHERE object = ?", "DELETE FROM stewardship WHERE object = ?", "DELETE FROM required_tags WHERE object = ?",
		"DELETE FROM objects WHERE id = ?",
	} {
		if err := tx.do(q, id); err != nil {
			return err
		}
	}
	return nil
}

// putPrincipal writes a principal and his memberships, whatever was there.
func (tx *Tx) putPrincipal(p *authz.Principal) error {
	if err := tx.putPrincipalRow(p); err != nil {
		return err
	}
	if err := tx.do("DELETE FROM memberships WHERE member = ?", p.ID); err != nil {
		return err
	}
	return tx.join(tx.memberships(p.ID, p.Parents))
}

// changePrincipal writes what is different of a principal, but for the groups that he comes into, which it gives for join. Somebody who only
// comes into a group or leaves one is not changed himself.
func (tx *Tx) changePrincipal(old, p *authz.Principal) (joins []any, err error) {
	if old.Name != p.Name || old.Shown != p.Shown || old.Active != p.Active || !slices.Equal(old.Roles, p.Roles) {
		if err := tx.putPrincipalRow(p); err != nil {
			return nil, err
		}
	}
	for _, g := range without(old.Parents, p.Parents) {
		if err := tx.do("DELETE FROM memberships WHERE member = ? AND parent = ?", p.ID, g); err != nil {
			return nil, err
		}
	}
	return tx.memberships(p.ID, without(p.Parents, old.Parents)), nil
}

// without gives the ids of a that are not in b.
func without(a, b []int64) []int64 {
	return slices.DeleteFunc(slices.Clone(a), func(id int64) bool { return slices.Contains(b, id) })
}

// memberships gives the rows of a member of groups, as the word of the transaction's source.
func (tx *Tx) memberships(member int64, groups []int64) (rows []any) {
	for _, g := range slices.Compact(slices.Sorted(slices.Values(groups))) {
		rows = append(rows, member, g, string(tx.source.Or()))
	}
	return rows
}

// join writes rows of memberships.
func (tx *Tx) join(rows []any) error {
	return tx.putRows("INSERT INTO memberships (member, parent, source) VALUES (?, ?, ?)", 3, rows)
}

func (tx *Tx) putPrincipalRow(p *authz.Principal) error {
	looks := ""
	if p.Kind != authz.Group {
		looks = identity.Looks(p.Name)
	}
	err := tx.do(`INSERT INTO principals (id, kind, name, name_key, looks, shown, active, source, directory, roles, created, updated)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, name_key = excluded.name_key, looks = excluded.looks, shown = excluded.shown,
		active = excluded.active, roles = excluded.roles, updated = excluded.updated`,
		p.ID, int64(p.Kind), p.Name, strings.ToLower(p.Name), looks, p.Shown, flag(p.Active), string(tx.source.Or()), p.Directory,
		strings.Join(p.Roles, "\n"), tx.Now, tx.Now)
	return exists(err, "%s already exists", p.Name)
}

func (tx *Tx) dropPrincipal(id int64) error {
	if err := tx.dropOfCredentials("principal", id); err != nil {
		return err
	}
	for _, q := range []string{
		"DELETE FROM memberships WHERE member = ?", "DELETE FROM memberships WHERE parent = ?", "DELETE FROM entries WHERE principal = ?",
		"DELETE FROM login_links WHERE principal = ?", "DELETE FROM subjects WHERE principal = ?",
		"DELETE FROM federation_policies WHERE principal = ?",
		"DELETE FROM credentials WHERE principal = ?", "DELETE FROM conflicts WHERE principal = ?", "DELETE FROM conflicts WHERE team = ?",
		"DELETE FROM directories WHERE principal = ?", "DELETE FROM principals WHERE id = ?",
	} {
		if err := tx.do(q, id); err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) putCredential(c *authz.Credential) error {
	assertion, sid, err := encodeAssertion(c.By)
	if err != nil {
		return err
	}
	return tx.do(`INSERT INTO credentials (id, principal, hash, scopes, created, expires, created_by, comment, session, origin, assertion, sid, kind, roles)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET expires = excluded.expires, scopes = excluded.scopes, comment = excluded.comment,
		assertion = excluded.assertion, sid = excluded.sid, roles = excluded.roles`,
		c.ID, c.Principal, c.Hash, strings.Join(c.Scopes, " "), c.Created, c.Expires, c.CreatedBy, c.Comment, flag(c.Session), c.Origin, assertion, sid,
		string(c.Kind), strings.Join(c.Roles, " "))
}

// Record appends the entry to the ledger with the transaction's governance events; the id and version are filled in, the time where it is not set. object is the
// governed object it is about, by which the ledger is searched; 0 with the Workspace folder.
func (tx *Tx) Record(e *ledger.Entry, object int64) error {
	e.ID = tx.NextID()
	if e.Time == 0 {
		e.Time = tx.Now
	}
	var version any
	if len(tx.events) > 0 && !tx.recorded {
		e.Version, version = tx.version, tx.version
		text, err := encodeEvents(tx.events)
		if err != nil {
			return err
		}
		e.Events = text
		tx.recorded = true
	}
	return tx.do("INSERT INTO ledger (stamp, id, version, at, class, actor, object, action, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		tx.Stamp, e.ID, version, e.Time, string(e.Class), e.Actor.ID, object, e.Action, ledger.Append(nil, e))
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
