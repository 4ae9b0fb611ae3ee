package authz

import "strconv"

// LostTokens gives the events that delete the credentials of those who may no longer use tokens after the given events: who loses CAN_USE on
// authorization/tokens loses the tokens he has at once, and does not find them again when he gets it back (reference: Databricks' page on
// token permissions). The store applies them with every change, in its transaction, so that no way of losing the level is forgotten: the
// level itself, a membership, a whole group. Being inactive takes no tokens away.
func LostTokens(after *Map, events []Event) (lost []Event) {
	if !mayTakeTokens(events) || after.mayUseTokens(GroupUsers) {
		return nil
	}
	for id := range after.credentialsOf.All() {
		if after.mayUseTokens(int64(id)) {
			continue
		}
		for c := range after.Credentials(int64(id)) {
			if !c.IsToken() { // what gives the use of tokens does not give the console or OAuth, and does not take them
				continue
			}
			lost = append(lost, Event{Op: DropCredential, Credential: &Credential{ID: c.ID, Principal: c.Principal}})
		}
	}
	return lost
}

// Orphans gives the events that drop what says who manages and uses service principals that the given events have removed.
func Orphans(after *Map, events []Event) (lost []Event) {
	for _, e := range events {
		if e.Op != DropPrincipal {
			continue
		}
		if o, ok := after.ServiceIdentity(e.Principal.ID); ok {
			lost = append(lost, Event{Op: DropObject, Object: &Object{ID: o.ID}})
		}
	}
	return lost
}

// ServiceIdentity finds the object that says who manages and uses a service principal; there is none before somebody was let in.
func (m *Map) ServiceIdentity(principal int64) (*Object, bool) {
	return m.ChildNamed(WorkspaceObject, ServiceIdentity, strconv.FormatInt(principal, 10))
}

// mayTakeTokens says whether the events touch what the use of tokens depends on.
func mayTakeTokens(events []Event) bool {
	for _, e := range events {
		switch {
		case e.Op == PutPrincipal, e.Op == DropPrincipal, e.Op == PutObject && e.Object.ID == TokensRoot:
			return true
		}
	}
	return false
}

// mayUseTokens says whether a principal has a level that gives the use of tokens, active or not. A directory needs none: its tokens are
// administrators' to make and to end.
func (m *Map) mayUseTokens(principal int64) bool {
	c := m.closureOf(principal)
	root, ok := m.Object(TokensRoot)
	if c == nil || !ok {
		return false
	}
	g, _ := m.highest(root, c)
	return c.directory || ruleOf(Tokens, UseTokens).levels.has(g.level)
}
