package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"bailiwick/authz"
	"bailiwick/fail"
)

// aclRule is authz.PutEntries or authz.PatchEntries.
type aclRule func(*authz.Map, authz.Who, int64, []authz.Entry) (authz.Object, error)

// GetACL answers with the list.
func GetACL(c *Call, o *authz.Object, _ *ACLRequest) (*ACL, error) { return ShowACL(c.Tx.Map, o), nil }

// PutACL replaces the direct entries.
func PutACL(c *Call, o *authz.Object, q *ACLRequest) (*ACL, error) {
	return changeACL(c, o, q, authz.PutEntries)
}

// PatchACL replaces the entries of the principals that it names.
func PatchACL(c *Call, o *authz.Object, q *ACLRequest) (*ACL, error) {
	return changeACL(c, o, q, authz.PatchEntries)
}

// GetACLLevels answers with the levels of the object's kind.
func GetACLLevels(_ *Call, o *authz.Object, _ *ACLRequest) (*ACLLevels, error) {
	info, _ := o.Kind.Info()
	return &ACLLevels{info.Levels}, nil
}

// PlanACL gives the object as a change of its list by authz.PutEntries or authz.PatchEntries would leave it, and changes nothing. It fails as
// the change does.
func PlanACL(c *Call, o *authz.Object, q *ACLRequest, rule aclRule) (authz.Object, error) {
	entries, err := aclEntries(c.Tx.Map, o.Kind, q.Entries)
	if err != nil {
		return authz.Object{}, err
	}
	return rule(c.Tx.Map, c.Who, o.ID, entries)
}

func changeACL(c *Call, o *authz.Object, q *ACLRequest, rule aclRule) (*ACL, error) {
	changed, err := PlanACL(c, o, q, rule)
	if err != nil {
		return nil, err
	}
	before, err := json.Marshal(ShowACL(c.Tx.Map, o))
	if err != nil {
		return nil, err
	}
	if err := c.Tx.Govern(authz.Event{Op: authz.PutObject, Object: &changed}); err != nil {
		return nil, err
	}
	answer := ShowACL(c.Tx.Map, &changed)
	after, err := json.Marshal(answer)
	c.Change(before, after)
	return answer, err
}

// ACLTag is the version of an object's own part of its list, for ETag and If-Match: it changes with the direct entries and with whether the
// creator still has his, and with nothing that is inherited.
func ACLTag(o *authz.Object) string {
	text, _ := json.Marshal(struct { // plain data always marshals
		Entries []authz.Entry
		Creator bool
	}{o.Entries, o.CreatorManages})
	sum := sha256.Sum256(text)
	return `"` + hex.EncodeToString(sum[:16]) + `"`
}

// aclEntries resolves the names of a request.
func aclEntries(m *authz.Map, kind authz.Kind, items []ACLItem) ([]authz.Entry, error) {
	entries := make([]authz.Entry, 0, len(items))
	for i, item := range items {
		p, err := item.principal(m)
		if err != nil {
			return nil, err
		}
		if item.Level == "" {
			return nil, fail.Invalidf("access_control_list[%d]: permission_level is missing", i)
		}
		level, err := authz.ParseLevel(kind, item.Level)
		if err != nil {
			return nil, err
		}
		entries = append(entries, authz.Entry{Principal: p.ID, Level: level})
	}
	return entries, nil
}

// principal finds whom an item names. Clients often send a service principal's application id as user_name, so User finds both.
func (i ACLItem) principal(m *authz.Map) (*authz.Principal, error) {
	var named []naming
	for _, n := range []naming{
		{authz.User, i.User, "UserName"}, {authz.Group, i.Group, "GroupName"}, {authz.ServicePrincipal, i.ServicePrincipal, "ServicePrincipalName"},
	} {
		if n.name != "" {
			named = append(named, n)
		}
	}
	if len(named) != 1 {
		return nil, fail.Invalidf("each entry names exactly one of user_name, group_name and service_principal_name")
	}
	n := named[0]
	if p, ok := m.PrincipalByName(n.kind, n.name); ok {
		return p, nil
	}
	return nil, fail.NotFoundf("Principal: %s(%s) does not exist", n.word, n.name)
}

// naming is one way to name a principal, with its word in errors.
type naming struct {
	kind authz.PrincipalKind
	name string
	word string
}
