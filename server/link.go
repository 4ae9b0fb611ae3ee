package server

import (
	"context"
	"crypto/rand"
	"net"
	"strings"
	"time"

	"bailiwick/api/governance"
	"bailiwick/authz"
	"bailiwick/identity"
	"bailiwick/ledger"
	"bailiwick/store"
)

// offerLink makes a one-time sign-in link for the first administrator as long as no administrator has a token that counts: at the first
// start without a token from outside, and again at the next one when the link was not used in its time.
func (s *Server) offerLink(ctx context.Context) error {
	admin, locked := lockedOut(s.Store.Map(), time.Now())
	if !locked {
		return nil
	}
	code, err := identity.NewLink(rand.Reader)
	if err != nil {
		return err
	}
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.PutLink(identity.IssueLink(s.Store.Key("tokens"), code, admin.ID, time.UnixMilli(tx.Now))); err != nil {
			return err
		}
		return tx.Record(&ledger.Entry{
			Class: ledger.ClassA, Service: "accounts", Action: "createLoginLink",
			Actor:  ledger.Actor{ID: authz.System, Name: "bailiwick", Kind: "system"},
			Params: []ledger.Param{{Key: "targetUserId", Value: identity.FormatID(admin.ID)}, {Key: "targetUserName", Value: admin.Name}},
		}, authz.WorkspaceObject)
	})
	if err == nil {
		s.code = code
	}
	return err
}

// lockedOut gives the first of the active administrators who are users when none of all administrators has a token that counts.
func lockedOut(m *authz.Map, now time.Time) (first *authz.Principal, locked bool) {
	for _, h := range authz.WhoCan(m, authz.ManageIdentities, authz.WorkspaceObject, now) {
		if len(identity.Live(m, h.Principal, now)) > 0 {
			return nil, false
		}
		if p, ok := m.Principal(h.Principal); ok && first == nil && p.Kind == authz.User {
			first = p
		}
	}
	return first, first != nil
}

// tellLink makes the link's address, once it is known where the server listens.
func (s *Server) tellLink() {
	if s.code == "" {
		return
	}
	s.Link = s.address() + governance.LoginPath(s.code)
}

// address is where a person on this machine, or as configured, reaches the server.
func (s *Server) address() string {
	if s.Config.PublicURL != "" {
		return strings.TrimSuffix(s.Config.PublicURL, "/")
	}
	scheme := "http://"
	if s.Config.TLS.Cert != "" {
		scheme = "https://"
	}
	at, ok := s.listener.Addr().(*net.TCPAddr)
	if ok && at.IP.IsUnspecified() {
		_, port, err := net.SplitHostPort(at.String())
		if err == nil {
			return scheme + net.JoinHostPort("localhost", port)
		}
	}
	return scheme + s.listener.Addr().String()
}

// flushSightings writes what was seen with credentials.
func (s *Server) flushSightings(ctx context.Context, all bool) error {
	return s.Door.FlushSightings(all, func(rows []store.Sighting) error {
		return s.Store.Write(ctx, func(tx *store.Tx) error { return tx.NoteSightings(rows) })
	})
}

// flushUses writes when and from where credentials were last used.
func (s *Server) flushUses(ctx context.Context) error {
	return s.Door.FlushUses(func(uses []store.Use) error {
		return s.Store.Write(ctx, func(tx *store.Tx) error { return tx.NoteUses(uses) })
	})
}
