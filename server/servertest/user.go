package servertest

import (
	"context"
	"crypto/rand"
	"strings"

	"bailiwick/authz"
	"bailiwick/identity"
	"bailiwick/ledger"
	"bailiwick/store"
	"bailiwick/workspace"
)

// User makes a user with a home folder, who is a member of the groups, and gives a token of his. A group that does not exist is made.
func (s *Server) User(name string, groups ...string) (token string) {
	s.t.Helper()
	return s.principal(authz.User, name, groups)
}

// ServicePrincipal makes a service principal of that application id, as User does.
func (s *Server) ServicePrincipal(applicationID string, groups ...string) (token string) {
	s.t.Helper()
	return s.principal(authz.ServicePrincipal, applicationID, groups)
}

func (s *Server) principal(kind authz.PrincipalKind, name string, groups []string) (token string) {
	s.t.Helper()
	token, err := identity.NewToken(rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	hash := identity.Hash(s.Store.Key("tokens"), []byte(token))
	s.Govern(func(tx *store.Tx) ([]authz.Event, error) {
		p := authz.Principal{ID: store.NewPrincipalID(), Kind: kind, Name: name, Active: true}
		var events []authz.Event
		for _, g := range groups {
			id, made := groupNamed(tx.Map, g)
			p.Parents, events = append(p.Parents, id), append(events, made...)
		}
		home, err := workspace.HomeEvents(tx.Map, p, store.NewObjectID())
		events = append(events, authz.Event{Op: authz.PutPrincipal, Principal: &p})
		events = append(events, home...)
		return append(events, authz.Event{Op: authz.PutCredential, Credential: &authz.Credential{
			ID: strings.Repeat("t", 8) + token[:16], Principal: p.ID, Hash: hash[:], Created: tx.Now, CreatedBy: authz.System,
		}}), err
	})
	return token
}

func groupNamed(m *authz.Map, name string) (id int64, made []authz.Event) {
	if g, ok := m.PrincipalByName(authz.Group, name); ok {
		return g.ID, nil
	}
	g := authz.Principal{ID: store.NewPrincipalID(), Kind: authz.Group, Name: name, Active: true}
	return g.ID, []authz.Event{{Op: authz.PutPrincipal, Principal: &g}}
}

// Govern makes governance changes past all front ends, with an entry in the ledger.
func (s *Server) Govern(change func(*store.Tx) ([]authz.Event, error)) {
	s.t.Helper()
	err := s.Store.WriteAlone(context.Background(), func(tx *store.Tx) error {
		events, err := change(tx)
		if err != nil {
			return err
		}
		if err := tx.Govern(events...); err != nil {
			return err
		}
		return tx.Record(&ledger.Entry{
			Class: ledger.ClassA, Service: "test", Action: "govern", Status: 200, Actor: ledger.Actor{ID: authz.System, Name: "test", Kind: "system"},
		}, authz.WorkspaceObject)
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// PrincipalID gives the id of a principal by name.
func (s *Server) PrincipalID(name string) int64 {
	s.t.Helper()
	p, ok := s.Store.Map().PrincipalByName(0, name)
	if !ok {
		s.t.Fatalf("no principal %q", name)
	}
	return p.ID
}
