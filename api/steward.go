package api

import (
	"encoding/json"

	"bailiwick/authz"
)

// StewardText is a stewardship as the ledger keeps it before and after a change, and as the governance API shows it.
type StewardText struct {
	// Owner is a name; empty when nobody owns the object.
	Owner     string `json:"owner"`
	OwnerID   string `json:"owner_id,omitempty"`
	OwnerKind string `json:"owner_kind,omitempty"`
	Contact   string `json:"contact,omitempty"`
	Tier      string `json:"tier,omitempty"`
	Lifecycle string `json:"lifecycle,omitempty"`
}

// ShowSteward gives who answers for an object. An owner who was removed has an id, but no name.
func ShowSteward(m *authz.Map, o *authz.Object) StewardText {
	s := o.StewardOf()
	out := StewardText{Contact: s.Contact, Tier: s.Tier, Lifecycle: s.Lifecycle}
	if id := o.OwnerID(); id != 0 {
		out.OwnerID = formatID(id)
	}
	if p, ok := m.Principal(o.OwnerID()); ok {
		out.Owner, out.OwnerKind = p.Name, p.Kind.String()
	}
	return out
}

// ChangeSteward gives an object another stewardship; what is as it was changes nothing. A tag of it that is required where the object is
// must keep a value that is allowed there (fail.Invalid).
func ChangeSteward(c *Call, o *authz.Object, s authz.Steward) error {
	next := o.WithSteward(s)
	if o.StewardOf() == s {
		return nil
	}
	for _, key := range authz.StewardTags() {
		value := c.Tx.Map.StewardTag(&next, key)
		if value == c.Tx.Map.StewardTag(o, key) {
			continue
		}
		if err := c.Tx.Map.CheckTagKept(o, key, value); err != nil {
			return err
		}
	}
	before, err := json.Marshal(ShowSteward(c.Tx.Map, o))
	if err != nil {
		return err
	}
	if err := c.Tx.Govern(PutObject(next)); err != nil {
		return err
	}
	after, err := json.Marshal(ShowSteward(c.Tx.Map, &next))
	c.About(o.ID)
	c.Change(before, after)
	return err
}
